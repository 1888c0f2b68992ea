// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.system.device.input.Key;
import java.util.ArrayList;
import java.util.List;

/** Keys that somebody presses. */
final class SendKey {
  static final String USAGE = "sendkey keys [hold_ms] ";
  static final String HELP =
      "send keys to the VM (e.g. 'sendkey ctrl-alt-f1', default hold time=100 ms)";

  private static final int HOLD_MILLIS = 100;
  private static final int MOST_DIGITS = 6; // of milliseconds
  private static final int MOST_KEYS = 16;

  private final MonitorSubject subject;

  SendKey(MonitorSubject subject) {
    this.subject = subject;
  }

  /** Runs the command: why it failed, in a line, or nothing. */
  String run(List<String> words) {
    if (words.isEmpty()) {
      return misused("string expected");
    }
    int hold = HOLD_MILLIS;
    if (words.size() > 1) {
      String digits = words.get(1);
      if (digits.length() > MOST_DIGITS || !digits.chars().allMatch(Character::isDigit)) {
        return misused("a number of at most " + MOST_DIGITS + " digits expected");
      }
      hold = Integer.parseInt(digits);
    }
    var keys = new ArrayList<Key>();
    for (String name : words.getFirst().split("-", -1)) {
      Key key = Key.named(name.equals("<") ? "less" : name);
      if (key == null || keys.size() == MOST_KEYS) {
        return "invalid parameter: " + name + "\n";
      }
      keys.add(key);
    }
    subject.type(keys, hold);
    return "";
  }

  private static String misused(String why) {
    return "sendkey: " + why + "\nTry \"help sendkey\" for more information\n";
  }
}
