// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.state;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;

/** Writes a machine's state. */
public final class StateOutput {
  static final long MAGIC = 0x535452415441564dL; // "STRATAVM"
  static final int VERSION = 1;
  static final int END = 0; // kinds of section
  static final int FIELDS = 1;
  static final int MEMORY = 2;

  private StateOutput() {}

  /** Writes all; the stream stays open. */
  public static void write(List<StateSection> sections, OutputStream to) throws IOException {
    var out = new DataOutputStream(to);
    out.writeLong(MAGIC);
    out.writeInt(VERSION);
    for (StateSection section : sections) {
      switch (section) {
        case StateSection.Fields fields -> write(fields, out);
        case StateSection.Memory memory -> write(memory, out);
      }
    }
    out.writeByte(END);
    out.flush();
  }

  private static void write(StateSection.Fields section, DataOutputStream out) throws IOException {
    var writer = new FieldWriter();
    section.content().state(writer);
    byte[] body = writer.written();
    var sum = new CRC32C();
    sum.update(body);
    out.writeByte(FIELDS);
    name(section.name(), section.version(), out);
    out.writeInt(body.length);
    out.write(body);
    out.writeInt((int) sum.getValue());
  }

  private static void write(StateSection.Memory section, DataOutputStream out) throws IOException {
    out.writeByte(MEMORY);
    name(section.name(), VERSION, out);
    out.writeLong(section.memory().byteSize());
    var summed = new CheckedOutputStream(out, new CRC32C());
    MemoryPages.write(section.memory(), summed);
    out.writeInt((int) summed.getChecksum().getValue());
  }

  private static void name(String name, int version, DataOutputStream out) throws IOException {
    byte[] bytes = name.getBytes(US_ASCII);
    out.writeByte(bytes.length);
    out.write(bytes);
    out.writeInt(version);
  }
}
