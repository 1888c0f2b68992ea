// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.input;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A key of a keyboard with 102 keys, by its scan code of set 2.
 *
 * @param extended whether the code has E0h before it
 * @param code what the key sends when it is pressed
 * @see "IBM PS/2 Hardware Interface Technical Reference, Keyboards (101- and 102-Key); QEMU QAPI,
 *     QKeyCode: the names"
 */
public record Key(boolean extended, int code) {
  private static final int EXTENDED = 0xe0;
  private static final int RELEASED = 0xf0;
  private static final int EXTENDED_BIT = 0x80;

  private static final String PLAIN =
      """
      a 1c b 32 c 21 d 23 e 24 f 2b g 34 h 33 i 43 j 3b k 42 l 4b m 3a n 31 o 44 p 4d q 15 r 2d s 1b
      t 2c u 3c v 2a w 1d x 22 y 35 z 1a 1 16 2 1e 3 26 4 25 5 2e 6 36 7 3d 8 3e 9 46 0 45
      minus 4e equal 55 backspace 66 tab 0d bracket_left 54 bracket_right 5b ret 5a semicolon 4c
      apostrophe 52 grave_accent 0e backslash 5d comma 41 dot 49 slash 4a spc 29 caps_lock 58 esc 76
      less 61 f1 05 f2 06 f3 04 f4 0c f5 03 f6 0b f7 83 f8 0a f9 01 f10 09 f11 78 f12 07
      shift 12 shift_r 59 ctrl 14 alt 11 num_lock 77 scroll_lock 7e asterisk 7c kp_multiply 7c
      kp_subtract 7b kp_add 79 kp_decimal 71 kp_0 70 kp_1 69 kp_2 72 kp_3 7a kp_4 6b kp_5 73 kp_6 74
      kp_7 6c kp_8 75 kp_9 7d
      """;

  private static final String AFTER_E0 =
      """
      ctrl_r 14 alt_r 11 meta_l 1f meta_r 27 menu 2f kp_divide 4a kp_enter 5a home 6c pgup 7d
      pgdn 7a end 69 left 6b up 75 down 72 right 74 insert 70 delete 71
      """;

  private static final Map<String, Key> NAMED = named();

  private static final Map<Integer, Key> NUMBERED = numbered();

  /** A key's number is its code of set 1, with bit 7 for those that have E0h before it. */
  private static Map<Integer, Key> numbered() {
    var keys = new HashMap<Integer, Key>();
    for (Key key : NAMED.values()) {
      keys.put(Keyboard.inSetOne(key.code) | (key.extended ? EXTENDED_BIT : 0), key);
    }
    return keys;
  }

  private static Map<String, Key> named() {
    var keys = new HashMap<String, Key>();
    add(keys, PLAIN, false);
    add(keys, AFTER_E0, true);
    return keys;
  }

  private static void add(Map<String, Key> keys, String table, boolean extended) {
    String[] words = table.strip().split("\\s+", -1);
    for (int at = 0; at < words.length; at += 2) {
      keys.put(words[at], new Key(extended, Integer.parseInt(words[at + 1], 16)));
    }
  }

  /** The key of that name, or null. */
  public static @Nullable Key named(String name) {
    return NAMED.get(name);
  }

  /** The key of that number, as QEMU numbers them, or null. */
  public static @Nullable Key numbered(long number) {
    return number == (int) number ? NUMBERED.get((int) number) : null;
  }

  /** What is sent when it is pressed. */
  int[] press() {
    return extended ? new int[] {EXTENDED, code} : new int[] {code};
  }

  /** What is sent when it is let go. */
  int[] release() {
    return extended ? new int[] {EXTENDED, RELEASED, code} : new int[] {RELEASED, code};
  }
}
