// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware.acpi;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.strata.system.firmware.FirmwareConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tables, and the script by which firmware places them and sets the addresses in them.
 *
 * @see "ACPI Specification 6.4, 5.2; SeaBIOS, src/fw/romfile_loader.h"
 */
public final class AcpiTables {
  private static final String TABLES = "etc/acpi/tables";
  private static final String ROOT = "etc/acpi/rsdp";
  private static final String SCRIPT = "etc/table-loader";
  private static final int HEADER = 36;
  private static final int CHECKSUM = 9; // where it is in a table
  private static final int ROOT_SIZE = 20;
  private static final int ROOT_CHECKSUM = 8;
  private static final int ROOT_POINTER = 16;

  private static final int ALLOCATE = 1; // commands
  private static final int ADD_POINTER = 2;
  private static final int ADD_CHECKSUM = 3;
  private static final int COMMAND = 128;
  private static final int NAME = 56;
  private static final byte ANYWHERE = 1; // zones
  private static final byte BELOW_1_MIB = 2;

  private final ByteBuffer tables;
  private final List<ByteBuffer> script = new ArrayList<>();

  /** No tables yet; they have {@code room} bytes at most. */
  public AcpiTables(int room) {
    tables = ByteBuffer.allocate(room).order(ByteOrder.LITTLE_ENDIAN);
    allocate(TABLES, 64, ANYWHERE);
    allocate(ROOT, 16, BELOW_1_MIB);
  }

  /**
   * Adds a table.
   *
   * @param body what follows its header
   * @return where it is among the tables
   */
  public int add(String signature, int revision, byte[] body) {
    int at = align(8);
    tables.put(signature.getBytes(US_ASCII));
    tables.putInt(HEADER + body.length);
    tables.put((byte) revision).put((byte) 0);
    tables.put("STRATASTRATAPC".getBytes(US_ASCII));
    tables.putInt(1).put("STRA".getBytes(US_ASCII)).putInt(1);
    tables.put(body);
    return at;
  }

  /** Adds what is no table: it has no header, and no checksum. */
  public int addPlain(byte[] bytes) {
    int at = align(64);
    tables.put(bytes);
    return at;
  }

  private int align(int to) {
    int at = (tables.position() + to - 1) & -to;
    tables.position(at);
    return at;
  }

  /** The four bytes at {@code offset} of the tables are to be the address of {@code target}. */
  public void point(int offset, int target) {
    tables.putInt(offset, target);
    script.add(command(ADD_POINTER, TABLES).put(name(TABLES)).putInt(offset).put((byte) 4));
  }

  /** Nothing in the table changes any more. */
  public void seal(int table) {
    int length = tables.getInt(table + 4);
    checksum(TABLES, table + CHECKSUM, table, length);
  }

  /** Ends with the root, which leads to {@code index}, and gives it all to firmware. */
  public void publish(int index, FirmwareConfig firmware) {
    var root = ByteBuffer.allocate(ROOT_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    root.put("RSD PTR ".getBytes(US_ASCII)).put((byte) 0).put("STRATA".getBytes(US_ASCII));
    root.putInt(ROOT_POINTER, index);
    script.add(command(ADD_POINTER, ROOT).put(name(TABLES)).putInt(ROOT_POINTER).put((byte) 4));
    checksum(ROOT, ROOT_CHECKSUM, 0, ROOT_SIZE);
    firmware.file(TABLES, Arrays.copyOf(tables.array(), tables.position()));
    firmware.file(ROOT, root.array());
    var commands = ByteBuffer.allocate(COMMAND * script.size());
    for (ByteBuffer command : script) {
      commands.put(command.array());
    }
    firmware.file(SCRIPT, commands.array());
  }

  private void allocate(String file, int alignment, byte zone) {
    script.add(command(ALLOCATE, file).putInt(alignment).put(zone));
  }

  private void checksum(String file, int offset, int start, int length) {
    script.add(command(ADD_CHECKSUM, file).putInt(offset).putInt(start).putInt(length));
  }

  private static ByteBuffer command(int number, String file) {
    ByteBuffer command = ByteBuffer.allocate(COMMAND).order(ByteOrder.LITTLE_ENDIAN);
    return command.putInt(number).put(name(file));
  }

  private static byte[] name(String file) {
    return Arrays.copyOf(file.getBytes(US_ASCII), NAME);
  }
}
