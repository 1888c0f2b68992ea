// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.input;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;

/**
 * A mouse with three buttons, which lies still.
 *
 * @see "IBM PS/2 Hardware Interface Technical Reference, Mouse"
 */
public final class Mouse extends Ps2Device {
  private int pending;
  private int resolution = 2;
  private int rate = 100;
  private boolean enabled;
  private boolean remote;
  private boolean doubled;
  private boolean wraps; // echoes what it gets

  /** A mouse at rest. */
  public Mouse() {}

  @Override
  void reset() {
    clear();
    pending = 0;
    resolution = 2;
    rate = 100;
    enabled = false;
    remote = false;
    doubled = false;
    wraps = false;
  }

  @Override
  void receive(int value) {
    int command = pending;
    pending = 0;
    if (wraps && value != 0xec && value != 0xff) {
      send(value);
    } else if (command == 0xe8) {
      resolution = value & 3;
      send(ACKNOWLEDGE);
    } else if (command == 0xf3) {
      rate = value;
      send(ACKNOWLEDGE);
    } else {
      command(value);
    }
  }

  private void command(int value) {
    switch (value) {
      case 0xe6 -> doubled = false;
      case 0xe7 -> doubled = true;
      case 0xe8, 0xf3 -> pending = value;
      case 0xe9 -> {
        send(
            ACKNOWLEDGE,
            (remote ? 0x40 : 0) | (enabled ? 0x20 : 0) | (doubled ? 0x10 : 0),
            resolution,
            rate);
        return;
      }
      case 0xea -> remote = false;
      case 0xeb -> {
        send(ACKNOWLEDGE, 8, 0, 0); // not moved, no button down
        return;
      }
      case 0xec -> wraps = false;
      case 0xee -> wraps = true;
      case 0xf0 -> remote = true;
      case 0xf2 -> {
        send(ACKNOWLEDGE, 0);
        return;
      }
      case 0xf4 -> enabled = true;
      case 0xf5 -> enabled = false;
      case 0xf6 -> reset();
      case 0xff -> {
        reset();
        send(ACKNOWLEDGE, 0xaa, 0);
        return;
      }
      default -> {
        send(RESEND);
        return;
      }
    }
    send(ACKNOWLEDGE);
  }

  @Override
  void state(StateFields state) throws BlockException {
    super.state(state);
    pending = state.u8("pending command", pending);
    resolution = state.within("resolution", resolution, 0, 3);
    rate = state.u8("rate", rate);
    enabled = state.flag("enabled", enabled);
    remote = state.flag("remote", remote);
    doubled = state.flag("doubled", doubled);
    wraps = state.flag("wraps", wraps);
  }
}
