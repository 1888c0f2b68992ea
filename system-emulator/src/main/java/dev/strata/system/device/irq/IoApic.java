// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.irq;

import dev.strata.block.BlockException;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;
import java.util.Arrays;
import java.util.List;

/**
 * The I/O APIC: 24 lines, each with an entry that says which message it sends. Thread-safe.
 *
 * @see "Intel 82093AA data sheet, 290566"
 */
public final class IoApic implements Device, MmioHandler {
  /** Where the board has its registers. */
  public static final long BASE = 0xfec00000L;

  /** How many lines there are. */
  public static final int LINES = 24;

  private static final long MASKED = 1 << 16;
  private static final long LEVEL = 1 << 15;
  private static final long REMOTE_IRR = 1 << 14;
  private static final long ACTIVE_LOW = 1 << 13;
  private static final long LOGICAL = 1 << 11;
  private static final List<String> DELIVERY =
      List.of("fixed", "lowest", "SMI", "...", "NMI", "INIT", "...", "extINT");
  // Delivery status and remote IRR are the chip's own.
  private static final long WRITABLE = 0xff0000000001afffL;

  private final LocalApic[] processors;
  private final long[] entries = new long[LINES];
  private int lines;
  private int edges; // seen, not yet sent
  private int selected;
  private int id;
  private final long[] rises = new long[LINES]; // since the machine began

  /** An I/O APIC after reset, that sends to these. */
  public IoApic(LocalApic... processors) {
    this.processors = processors.clone();
    reset();
  }

  @Override
  public synchronized void reset() {
    Arrays.fill(entries, MASKED);
    edges = 0;
    selected = 0;
    id = 0;
  }

  /** Line {@code number}, 0 to 23. */
  public IrqLine line(int number) {
    return level -> set(number, level);
  }

  private synchronized void set(int line, boolean level) {
    int bit = 1 << line;
    if (level) {
      if ((lines & bit) == 0) {
        edges |= bit;
        rises[line]++;
      }
      lines |= bit;
    } else {
      lines &= ~bit;
      edges &= ~bit;
    }
    send(line);
  }

  private void send(int line) {
    long entry = entries[line];
    int bit = 1 << line;
    boolean level = (entry & LEVEL) != 0;
    if ((entry & MASKED) != 0) {
      return;
    }
    if (level ? (lines & bit) == 0 || (entry & REMOTE_IRR) != 0 : (edges & bit) == 0) {
      return;
    }
    edges &= ~bit;
    int mode = (int) (entry >> 8) & 7;
    int destination = (int) (entry >>> 56);
    boolean logical = (entry & LOGICAL) != 0;
    for (LocalApic processor : processors) {
      if (processor.isAddressed(destination, logical)) {
        if (level) {
          entries[line] |= REMOTE_IRR;
        }
        processor.deliver(mode, (int) entry & 0xff, level);
        if (mode == LocalApic.LOWEST_PRIORITY) {
          return;
        }
      }
    }
  }

  /** A level-triggered interrupt has been handled: lines that still are up send again. */
  public synchronized void ended(int vector) {
    for (int line = 0; line < LINES; line++) {
      if ((entries[line] & (0xff | LEVEL)) == (vector | LEVEL)) {
        entries[line] &= ~REMOTE_IRR;
        send(line);
      }
    }
  }

  @Override
  public synchronized long read(long offset, int bytes) {
    if (offset == 0) {
      return selected;
    }
    if (offset != 0x10) {
      return 0;
    }
    if (selected >= 0x10 && selected < 0x10 + 2 * LINES) {
      long entry = entries[(selected - 0x10) >> 1];
      return (selected & 1) == 0 ? entry & 0xffffffffL : entry >>> 32;
    }
    return switch (selected) {
      case 0, 2 -> (long) id << 24;
      case 1 -> 0x20 | (LINES - 1) << 16;
      default -> 0;
    };
  }

  @Override
  public synchronized void write(long offset, int bytes, long value) {
    if (offset == 0) {
      selected = (int) value & 0xff;
    } else if (offset == 0x10) {
      if (selected == 0) {
        id = (int) (value >> 24) & 15;
      } else if (selected >= 0x10 && selected < 0x10 + 2 * LINES) {
        writeEntry((selected - 0x10) >> 1, (selected & 1) != 0, value & 0xffffffffL);
      }
    }
  }

  private void writeEntry(int line, boolean upper, long value) {
    long old = entries[line];
    long written = upper ? (old & 0xffffffffL) | value << 32 : (old & ~0xffffffffL) | value;
    long entry = (written & WRITABLE) | (old & REMOTE_IRR);
    if ((entry & LEVEL) == 0) {
      entry &= ~REMOTE_IRR;
    }
    entries[line] = entry;
    send(line);
  }

  /** How often each line has risen since the machine began. */
  public synchronized long[] rises() {
    return rises.clone();
  }

  /** The registers, in lines for a monitor. */
  public synchronized String describe() {
    var text = new StringBuilder("ioapic0: ver=0x20 id=0x");
    text.append(hex(id, 2)).append(" sel=0x").append(hex(selected, 2));
    if (selected != 0) {
      // As the reference counts, of registers that are no entry's too.
      text.append(" (redir[").append(((selected - 0x10) >> 1) & 0xffffffffL).append("])");
    }
    text.append('\n');
    long waiting = 0;
    long unended = 0;
    for (int line = 0; line < LINES; line++) {
      long entry = entries[line];
      boolean level = (entry & LEVEL) != 0;
      if (level
          ? ((lines >> line) & 1) != 0
          : (entry & MASKED) == 0 && ((edges >> line) & 1) != 0) {
        waiting |= 1L << line;
      }
      if ((entry & REMOTE_IRR) != 0) {
        unended |= 1L << line;
      }
      boolean logical = (entry & LOGICAL) != 0;
      text.append("  pin ").append(padded(Integer.toString(line), 2));
      text.append(" 0x").append(hex(entry, 16));
      text.append(" dest=").append(Long.toHexString((entry >>> 56) & (logical ? 0xff : 0xf)));
      text.append(" vec=").append(padded(Long.toString(entry & 0xff), 3));
      text.append((entry & ACTIVE_LOW) != 0 ? " active-lo " : " active-hi ");
      text.append(level ? "level " : "edge  ");
      text.append((entry & MASKED) != 0 ? "masked " : "       ");
      text.append(padded(DELIVERY.get((int) (entry >> 8) & 7), 6));
      text.append(logical ? " logical\n" : " physical\n");
    }
    text.append("  IRR      ").append(numbers(waiting)).append('\n');
    return text.append("  Remote IRR ").append(numbers(unended)).append('\n').toString();
  }

  private static String numbers(long set) {
    if (set == 0) {
      return "(none)";
    }
    var text = new StringBuilder();
    for (long left = set; left != 0; left &= left - 1) {
      text.append(padded(Integer.toString(Long.numberOfTrailingZeros(left)), 2)).append(' ');
    }
    return text.toString();
  }

  private static String padded(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }

  private static String hex(long value, int digits) {
    String text = Long.toHexString(value);
    return "0".repeat(Math.max(0, digits - text.length())) + text;
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    state.i64("entries", entries);
    lines = state.within("lines", lines, 0, (1 << LINES) - 1);
    edges = state.within("edges", edges, 0, (1 << LINES) - 1);
    selected = state.u8("register", selected);
    id = state.within("id", id, 0, 15);
  }
}
