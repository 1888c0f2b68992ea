// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.input;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;

/** What is plugged into a PS/2 port. {@link KeyboardController} locks. */
public abstract class Ps2Device {
  static final int ACKNOWLEDGE = 0xfa;
  static final int RESEND = 0xfe;

  // What a device holds back while nobody reads; what comes further is lost, as on the real one.
  private static final int QUEUE = 256;

  private final byte[] queue = new byte[QUEUE];
  private int first;
  private int count;

  final void clear() {
    count = 0;
  }

  final boolean hasData() {
    return count > 0;
  }

  final int take() {
    int value = queue[first] & 0xff;
    first = (first + 1) % QUEUE;
    count--;
    return value;
  }

  /** Queues all of the bytes, or none if there is no room for them. */
  final void send(int... bytes) {
    if (bytes.length > QUEUE - count) {
      return;
    }
    for (int value : bytes) {
      queue[(first + count++) % QUEUE] = (byte) value;
    }
  }

  /** As when the power comes. */
  abstract void reset();

  /** A byte from the guest. */
  abstract void receive(int value);

  /** A byte of this device as the controller translates it. */
  int translated(int value) {
    return value;
  }

  /** Also of what kinds of devices add to it. */
  void state(StateFields state) throws BlockException {
    state.bytes("queue", queue);
    first = state.within("first", first, 0, QUEUE - 1);
    count = state.within("count", count, 0, QUEUE);
  }
}
