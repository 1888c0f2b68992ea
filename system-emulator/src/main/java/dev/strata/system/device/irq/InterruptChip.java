// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.irq;

import dev.strata.block.BlockException;
import dev.strata.system.state.StateFields;

/**
 * One 8259A. Not thread-safe: {@link InterruptControllerPair} locks.
 *
 * @see "Intel 8259A data sheet, 231468"
 */
final class InterruptChip {
  private final int levelMask; // lines that may be level triggered
  private int lines; // as driven
  private int requests; // IRR
  private int inService; // ISR
  private int masked; // IMR
  private int levels; // ELCR: 1 is level triggered
  private int vectorBase;
  private int lowest = 7; // the line of lowest priority
  private int step; // which ICW the next write is; 0 when initialised
  private boolean expectsIcw4;
  private boolean single;
  private boolean autoEoi;
  private boolean rotateOnAutoEoi;
  private boolean specialMask;
  private boolean specialFullyNested;
  private boolean readsInService;
  private boolean polled;
  private final long[] rises = new long[8]; // of each line, since the machine began

  InterruptChip(int levelMask) {
    this.levelMask = levelMask;
  }

  void reset() {
    initialise();
    levels = 0;
    vectorBase = 0;
    step = 0;
    expectsIcw4 = false;
    single = false;
  }

  private void initialise() {
    // Edges that have been seen are forgotten, levels are not.
    requests = lines & levels;
    inService = 0;
    masked = 0;
    lowest = 7;
    autoEoi = false;
    rotateOnAutoEoi = false;
    specialMask = false;
    specialFullyNested = false;
    readsInService = false;
    polled = false;
  }

  void set(int line, boolean level) {
    int bit = 1 << line;
    if (level) {
      if ((levels & bit) != 0 || (lines & bit) == 0) {
        requests |= bit;
      }
      if ((lines & bit) == 0) {
        rises[line]++;
      }
      lines |= bit;
    } else {
      // The chip takes back a request whose line falls before it is acknowledged.
      requests &= ~bit;
      lines &= ~bit;
    }
  }

  /** How far from the highest priority, 0 to 7; 8 for no line at all. */
  private int rank(int set) {
    for (int rank = 0; rank < 8; rank++) {
      if ((set & (1 << ((lowest + 1 + rank) & 7))) != 0) {
        return rank;
      }
    }
    return 8;
  }

  /**
   * The line to serve next, or -1.
   *
   * @param cascade the line behind which another chip's more urgent line may hide, or -1
   */
  int pending(int cascade) {
    int candidates = requests & ~masked;
    if (candidates == 0) {
      return -1;
    }
    int serving = specialMask ? inService & ~masked : inService;
    if (specialFullyNested && cascade >= 0) {
      serving &= ~(1 << cascade);
    }
    int rank = rank(candidates);
    return rank < rank(serving) ? (lowest + 1 + rank) & 7 : -1;
  }

  /** The processor takes the line; without one, the spurious line 7. */
  int acknowledge(int line) {
    if (line < 0) {
      return vectorBase + 7;
    }
    int bit = 1 << line;
    if (autoEoi) {
      if (rotateOnAutoEoi) {
        lowest = line;
      }
    } else {
      inService |= bit;
    }
    if ((levels & bit) == 0) {
      requests &= ~bit;
    }
    return vectorBase + line;
  }

  int read(int address, int cascade) {
    if (polled) {
      polled = false;
      int line = pending(cascade);
      if (line < 0) {
        return 0;
      }
      acknowledge(line);
      return 0x80 | line;
    }
    if (address == 1) {
      return masked;
    }
    return readsInService ? inService : requests;
  }

  void write(int address, int value) {
    if (address == 0) {
      if ((value & 0x10) != 0) {
        initialise();
        expectsIcw4 = (value & 1) != 0;
        single = (value & 2) != 0;
        step = 2;
      } else if ((value & 8) != 0) {
        operationControl3(value);
      } else {
        operationControl2(value);
      }
      return;
    }
    switch (step) {
      case 0 -> masked = value;
      case 2 -> {
        vectorBase = value & 0xf8;
        step = single ? (expectsIcw4 ? 4 : 0) : 3;
      }
      case 3 -> step = expectsIcw4 ? 4 : 0;
      default -> {
        specialFullyNested = (value & 0x10) != 0;
        autoEoi = (value & 2) != 0;
        step = 0;
      }
    }
  }

  private void operationControl3(int value) {
    polled = (value & 4) != 0;
    if ((value & 2) != 0) {
      readsInService = (value & 1) != 0;
    }
    if ((value & 0x40) != 0) {
      specialMask = (value & 0x20) != 0;
    }
  }

  private void operationControl2(int value) {
    int named = value & 7;
    switch (value >> 5) {
      case 0 -> rotateOnAutoEoi = false;
      case 4 -> rotateOnAutoEoi = true;
      case 1, 5 -> {
        int rank = rank(specialMask ? inService & ~masked : inService);
        if (rank < 8) {
          int line = (lowest + 1 + rank) & 7;
          inService &= ~(1 << line);
          if (value >> 5 == 5) {
            lowest = line;
          }
        }
      }
      case 3 -> inService &= ~(1 << named);
      case 6 -> lowest = named;
      case 7 -> {
        inService &= ~(1 << named);
        lowest = named;
      }
      default -> {} // no operation
    }
  }

  int levels() {
    return levels;
  }

  long[] rises() {
    return rises.clone();
  }

  /** The registers, in a line for a monitor. */
  String describe() {
    return "irr="
        + hex(requests)
        + " imr="
        + hex(masked)
        + " isr="
        + hex(inService)
        + " hprio="
        + ((lowest + 1) & 7)
        + " irq_base="
        + hex(vectorBase)
        + " rr_sel="
        + (readsInService ? 1 : 0)
        + " elcr="
        + hex(levels)
        + " fnm="
        + (specialFullyNested ? 1 : 0)
        + "\n";
  }

  private static String hex(int value) {
    return (value < 16 ? "0" : "") + Integer.toHexString(value);
  }

  void levels(int value) {
    levels = value & levelMask;
    requests |= lines & levels;
  }

  void state(StateFields state) throws BlockException {
    lines = state.u8("lines", lines);
    requests = state.u8("requests", requests);
    inService = state.u8("in service", inService);
    masked = state.u8("masked", masked);
    levels = state.u8("levels", levels) & levelMask;
    vectorBase = state.u8("vector base", vectorBase) & 0xf8;
    lowest = state.within("lowest priority", lowest, 0, 7);
    step = state.within("initialisation step", step, 0, 4);
    expectsIcw4 = state.flag("expects ICW4", expectsIcw4);
    single = state.flag("single", single);
    autoEoi = state.flag("automatic EOI", autoEoi);
    rotateOnAutoEoi = state.flag("rotates on automatic EOI", rotateOnAutoEoi);
    specialMask = state.flag("special mask", specialMask);
    specialFullyNested = state.flag("special fully nested", specialFullyNested);
    readsInService = state.flag("reads in service", readsInService);
    polled = state.flag("polled", polled);
  }
}
