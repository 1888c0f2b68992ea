// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

/** The types of a request: numbers, for a server takes what it does not know too. */
public final class Command {
  /** Reads {@code length} bytes. */
  public static final int READ = 0;

  /** Writes the payload. */
  public static final int WRITE = 1;

  /** Ends the connection; has no reply. */
  public static final int DISC = 2;

  /** Returns when all that was answered before is on stable storage. */
  public static final int FLUSH = 3;

  /** Says that the range is not needed. */
  public static final int TRIM = 4;

  /** Says that the range will be read. */
  public static final int CACHE = 5;

  /** Makes the range read as zeroes. */
  public static final int WRITE_ZEROES = 6;

  /** Asks for the status of the range in the chosen contexts. */
  public static final int BLOCK_STATUS = 7;

  /** Changes the export's size; experimental. */
  public static final int RESIZE = 8;

  private Command() {}

  /** The command's name as the protocol's document has it, for messages. */
  public static String name(int command) {
    return switch (command) {
      case READ -> "read";
      case WRITE -> "write";
      case DISC -> "disconnect";
      case FLUSH -> "flush";
      case TRIM -> "trim";
      case CACHE -> "cache";
      case WRITE_ZEROES -> "write zeroes";
      case BLOCK_STATUS -> "block status";
      case RESIZE -> "resize";
      default -> "command " + command;
    };
  }
}
