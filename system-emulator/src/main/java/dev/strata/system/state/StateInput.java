// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.state;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;

/** Reads a machine's state, from whoever has made it. */
public final class StateInput {
  /** Bytes of a section's fields: many times what any device has. */
  private static final int MOST_FIELDS = 4 << 20;

  private StateInput() {}

  /**
   * Reads what {@link StateOutput} has written, and no byte more.
   *
   * @throws BlockException if it makes no sense or does not fit; the sections may have any state
   */
  public static void read(List<StateSection> sections, InputStream from) throws BlockException {
    try {
      var in = new DataInputStream(from);
      if (in.readLong() != StateOutput.MAGIC) {
        throw wrong("Not a migration stream");
      }
      int version = in.readInt();
      if (version != StateOutput.VERSION) {
        throw wrong("Unsupported migration stream version: " + version);
      }
      for (StateSection section : sections) {
        read(section, in);
      }
      if (in.readUnsignedByte() != StateOutput.END) {
        throw wrong("the saved state has something that is not in this machine: " + name(in));
      }
    } catch (BlockException e) {
      throw e;
    } catch (EOFException e) {
      throw wrong("the saved state ends too early").causedBy(e);
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "the saved state cannot be read: " + e.getMessage())
          .causedBy(e);
    }
  }

  private static void read(StateSection section, DataInputStream in) throws IOException {
    int kind = in.readUnsignedByte();
    String name = kind == StateOutput.END ? "its end" : "'" + name(in) + "'";
    int expected =
        switch (section) {
          case StateSection.Fields _ -> StateOutput.FIELDS;
          case StateSection.Memory _ -> StateOutput.MEMORY;
        };
    if (kind != expected || !name.equals("'" + section.name() + "'")) {
      throw wrong(
          "the saved state has " + name + " where this machine has '" + section.name() + "'");
    }
    int version = in.readInt();
    switch (section) {
      case StateSection.Fields fields -> read(fields, version, in);
      case StateSection.Memory memory -> read(memory, version, in);
    }
  }

  private static void read(StateSection.Fields section, int version, DataInputStream in)
      throws IOException {
    check(section, version, section.version());
    int length = in.readInt();
    if (length < 0 || length > MOST_FIELDS) {
      throw wrong("saved state of '" + section.name() + "': length " + length);
    }
    byte[] body = in.readNBytes(length);
    if (body.length < length) {
      throw new EOFException();
    }
    var sum = new CRC32C();
    sum.update(body);
    checkSum(section, sum.getValue(), in.readInt());
    var fields = new FieldReader(section.name(), body);
    section.content().state(fields);
    fields.end();
  }

  private static void read(StateSection.Memory section, int version, DataInputStream in)
      throws IOException {
    check(section, version, StateOutput.VERSION);
    long bytes = in.readLong();
    long here = section.memory().byteSize();
    if (bytes != here) {
      throw wrong("Size mismatch: " + section.name() + ": 0x%x != 0x%x".formatted(bytes, here));
    }
    var summed = new CheckedInputStream(in, new CRC32C());
    MemoryPages.read(section.memory(), section.name(), summed);
    checkSum(section, summed.getChecksum().getValue(), in.readInt());
  }

  private static void check(StateSection section, int version, int known) throws BlockException {
    if (version != known) {
      throw wrong("saved state of '" + section.name() + "': version " + version + ", not " + known);
    }
  }

  private static void checkSum(StateSection section, long own, int given) throws BlockException {
    if ((int) own != given) {
      throw wrong("saved state of '" + section.name() + "': wrong checksum");
    }
  }

  private static String name(DataInputStream in) throws IOException {
    var bytes = new byte[in.readUnsignedByte()];
    in.readFully(bytes);
    return new String(bytes, US_ASCII).replaceAll("[^ -~]", "?");
  }

  private static BlockException wrong(String what) {
    return new BlockException(Errno.EINVAL, what);
  }
}
