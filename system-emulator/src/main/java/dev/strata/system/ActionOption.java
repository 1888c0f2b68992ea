// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.machine.Actions;
import dev.strata.system.machine.Actions.Panic;

/** {@code -action}: what becomes of the machine when its guest resets, powers off or panics. */
final class ActionOption {
  private ActionOption() {}

  /** Changes what the options name. */
  static Actions with(Actions before, String given, BlockOptions options) throws BlockException {
    Actions actions = before;
    String reboot = options.takeString("reboot");
    if (reboot != null) {
      actions = actions.withEndAtReset(isSecond(given, "reboot", reboot, "reset", "shutdown"));
    }
    String shutdown = options.takeString("shutdown");
    if (shutdown != null) {
      actions =
          actions.withPauseAtPowerOff(isSecond(given, "shutdown", shutdown, "poweroff", "pause"));
    }
    String panic = options.takeString("panic");
    if (panic != null) {
      Panic known = Panic.named(panic);
      if (known == null) {
        throw refused(given, "panic", panic);
      }
      actions = actions.withPanic(known);
    }
    if (options.takeString("watchdog") != null) {
      throw CommandLine.error(given + ": there is no watchdog on this board");
    }
    for (String name : options.names()) {
      throw CommandLine.error(given + ": Invalid parameter '" + name + "'");
    }
    return actions;
  }

  private static boolean isSecond(
      String given, String name, String word, String first, String second) throws BlockException {
    if (!word.equals(first) && !word.equals(second)) {
      throw refused(given, name, word);
    }
    return word.equals(second);
  }

  private static BlockException refused(String given, String name, String word) {
    return CommandLine.error(
        given + ": Parameter '" + name + "' does not accept value '" + word + "'");
  }
}
