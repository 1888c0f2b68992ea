// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.input;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;

/**
 * A keyboard with 102 keys, which sends scan codes of set 2.
 *
 * @see "IBM PS/2 Hardware Interface Technical Reference, Keyboards (101- and 102-Key)"
 */
public final class Keyboard extends Ps2Device {
  // What the controller makes of codes of set 2 from 0 to 83h: those of set 1.
  private static final int[] TRANSLATION = {
    0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
    0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
    0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
    0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
    0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
    0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
    0x80, 0x81, 0x82, 0x41,
  };

  private int pending; // the command whose argument comes next, or 0
  private int set = 2;
  private boolean released;

  /** A keyboard at rest. */
  public Keyboard() {}

  @Override
  void reset() {
    clear();
    pending = 0;
    set = 2;
    released = false;
  }

  @Override
  void receive(int value) {
    int command = pending;
    pending = 0;
    switch (command) {
      case 0xed, 0xf3 -> send(ACKNOWLEDGE); // lights and repetition are the host's
      case 0xf0 -> {
        if (value == 0) {
          send(ACKNOWLEDGE, set);
        } else if (value <= 3) {
          set = value;
          send(ACKNOWLEDGE);
        } else {
          send(RESEND);
        }
      }
      default -> command(value);
    }
  }

  private void command(int value) {
    switch (value) {
      case 0xed, 0xf0, 0xf3 -> {
        pending = value;
        send(ACKNOWLEDGE);
      }
      case 0xee -> send(0xee);
      case 0xf2 -> send(ACKNOWLEDGE, 0xab, 0x83);
      case 0xf4 -> send(ACKNOWLEDGE);
      case 0xf5, 0xf6 -> {
        reset();
        send(ACKNOWLEDGE);
      }
      case 0xff -> {
        reset();
        send(ACKNOWLEDGE, 0xaa); // and the test is passed
      }
      default -> send(RESEND);
    }
  }

  /** What the controller makes of the code, of set 2, of a key that is pressed: one of set 1. */
  static int inSetOne(int code) {
    return TRANSLATION[code];
  }

  @Override
  int translated(int value) {
    if (value == 0xf0) {
      // The controller keeps a release to itself, and marks the code that follows.
      released = true;
      return hasData() ? translated(take()) : 0;
    }
    int code = value < TRANSLATION.length ? TRANSLATION[value] : value;
    if (released) {
      released = false;
      code |= 0x80;
    }
    return code;
  }

  @Override
  void state(StateFields state) throws BlockException {
    super.state(state);
    pending = state.u8("pending command", pending);
    set = state.within("scan code set", set, 1, 3);
    released = state.flag("released", released);
  }
}
