// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.irq;

import dev.strata.block.BlockException;
import dev.strata.system.clock.Timer;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.state.StateFields;

/**
 * The local APIC's timer: counts nanoseconds, divided. Its APIC's lock guards it.
 *
 * @see "Intel 64 and IA-32 Architectures Software Developer's Manual 3A, 11.5.4"
 */
final class ApicTimer {
  private final VirtualClock clock;
  private final Timer timer;
  private int divideRegister;
  private int shift = 1; // of nanoseconds to counts
  private long initial; // 0 to 2^32 - 1
  private long began; // guest nanoseconds when the count was the initial one
  private boolean periodic;
  private boolean running;

  ApicTimer(VirtualClock clock, Runnable rings) {
    this.clock = clock;
    this.timer = clock.timer(rings);
  }

  void reset() {
    divideRegister = 0;
    shift = 1;
    initial = 0;
    periodic = false;
    running = false;
    timer.cancel();
  }

  void periodic(boolean value) {
    periodic = value;
  }

  int divideRegister() {
    return divideRegister;
  }

  void divide(int value) {
    long left = currentCount() & 0xffffffffL;
    divideRegister = value & 0xb;
    // 0 divides by 2, 6 by 128, 7 by 1; bit 2 of the register is not there.
    int code = (divideRegister & 3) | ((divideRegister & 8) >> 1);
    shift = (code + 1) & 7;
    if (running) {
      began = clock.nanos() - ((initial - left) << shift);
      arm();
    }
  }

  void start(int count) {
    initial = count & 0xffffffffL;
    began = clock.nanos();
    running = initial != 0;
    if (running) {
      arm();
    } else {
      timer.cancel();
    }
  }

  private void arm() {
    timer.at(began + (initial << shift));
  }

  int initialCount() {
    return (int) initial;
  }

  int currentCount() {
    if (!running) {
      return 0;
    }
    long counted = (clock.nanos() - began) >> shift;
    if (counted < initial) {
      return (int) (initial - counted);
    }
    return periodic ? (int) (initial - counted % initial) : 0;
  }

  /**
   * Called when the timer rings: whether the count has ended, which then begins anew or is over.
   */
  boolean expired() {
    long now = clock.nanos();
    if (!running || now < began + (initial << shift)) {
      return false;
    }
    if (!periodic) {
      running = false;
      return true;
    }
    // Periods that nobody could have seen are left out: a guest that asks for one each nanosecond
    // gets as many as its host can make.
    long periods = (now - began) / (initial << shift);
    began += periods * (initial << shift);
    arm();
    return true;
  }

  void state(StateFields state) throws BlockException {
    int divider = state.u8("divider", divideRegister);
    periodic = state.flag("periodic", periodic);
    initial = state.within("initial count", initial, 0, 0xffffffffL);
    running = state.flag("running", running);
    began = state.within("begin", running ? began : 0, 0, clock.nanos());
    if (!state.isLoading()) {
      return;
    }
    if (running && initial == 0) {
      throw state.wrong("initial count", "is 0 of a timer that runs");
    }
    timer.cancel();
    boolean runs = running;
    running = false; // for the count begins where it was read to have begun
    divide(divider);
    running = runs;
    if (running) {
      arm();
    }
  }
}
