// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.log;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;

/**
 * What is to be logged.
 *
 * @param bits those of the items
 */
public record LogChoice(int bits) {
  /** Nothing. */
  public static final LogChoice NOTHING = new LogChoice(0);

  /** Words are no items. */
  public static final class UnknownItemException extends Exception {
    private static final long serialVersionUID = 1;
  }

  /**
   * The items of that list, names with commas between them.
   *
   * @throws UnknownItemException if one is none: the help is what is wanted
   * @throws BlockException if one is the reference's alone
   */
  public static LogChoice of(String names) throws BlockException, UnknownItemException {
    int bits = 0;
    for (String name : names.split(",", -1)) {
      LogItem item = LogItem.named(name);
      if (item == null && LogItem.isElsewhere(name)) {
        throw new BlockException(Errno.EINVAL, "Log item '" + name + "' is not supported");
      }
      if (item == null) {
        throw new UnknownItemException();
      }
      bits |= item.bit();
    }
    return new LogChoice(bits);
  }

  /** What there is to choose from, for {@code -d help}. */
  public static String help() {
    return "Log items (comma separated):\n" + LogItem.list();
  }

  /** The same for the monitor, which can end it all. */
  public static String monitorHelp() {
    return "Log items (comma separated):\n"
        + LogItem.line("none", "remove all logs")
        + LogItem.list();
  }
}
