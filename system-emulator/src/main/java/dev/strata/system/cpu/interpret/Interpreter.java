// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import dev.strata.system.cpu.GuestFault;
import dev.strata.system.cpu.ir.Block;
import dev.strata.system.cpu.ir.Op;
import dev.strata.system.memory.AddressSpace;

/** Runs a guest, block by block. */
public final class Interpreter extends GuestMemory {
  /** The slots that operations name; 64 of them. */
  public final long[] slots = new long[64];

  /** Bit of a decoding mode: one instruction a block. */
  public static final int ALONE = 1 << 15;

  private final Guest guest;
  private final int pcSlot;
  private final int codeBaseSlot;

  /** The decoding mode of what comes next. */
  public int mode;

  /** What a linear address of code is cut to. */
  public long linearMask = -1;

  /** No pc may be above. */
  public long codeLimit = -1;

  /** The next block is to be one instruction: {@link #ALONE}, once. */
  public int alone;

  /** Instructions begun since the start. */
  public long instructions;

  // Blocks between two looks at the time.
  private static final int BUDGET = 10000;
  private int budget;
  private int at;

  /**
   * An interpreter.
   *
   * @param pcSlot holds the pc of the block that runs
   * @param codeBaseSlot is added to the pc for a linear address
   */
  public Interpreter(AddressSpace space, int mmuModes, Guest guest, int pcSlot, int codeBaseSlot) {
    super(space, mmuModes);
    this.guest = guest;
    this.pcSlot = pcSlot;
    this.codeBaseSlot = codeBaseSlot;
    walker(guest);
  }

  /** Asks the guest to look up, on any thread: sets bits of its own. */
  public synchronized void attend(int bits) {
    attention |= bits;
  }

  @Override
  protected void attend() {
    attend(1);
  }

  /** The bits set since, and clears them. */
  public synchronized int attended() {
    int bits = attention;
    attention = 0;
    return bits;
  }

  /** Whether something asks for attention: what takes long leaves off. */
  public boolean wanted() {
    return attention != 0;
  }

  /** Applies what other threads changed. */
  public void synchronise() {
    catchUp();
  }

  /** The pc of the instruction that runs. */
  public long pc() {
    Block block = current;
    return block == null ? slots[pcSlot] : slots[pcSlot] + block.offsets[at];
  }

  /** Runs until the guest's service says no. */
  public void run() {
    while (true) {
      try {
        if (attention != 0 || budget <= 0) {
          budget = BUDGET;
          current = null;
          if (!guest.service()) {
            return;
          }
        }
        step();
      } catch (GuestFault f) {
        slots[pcSlot] = pc();
        current = null;
        if (f.vector == RUN_ALONE) {
          alone = ALONE;
        } else {
          guest.deliver(f);
        }
      }
    }
  }

  /** Runs block by block until the pc is there; faults come out. */
  public void runUntil(long pc) {
    while (slots[pcSlot] != pc) {
      synchronise();
      attend(1); // One block, then a look at the pc.
      step();
    }
  }

  private Block next() {
    current = null;
    long pc = slots[pcSlot];
    if (Long.compareUnsigned(pc, codeLimit) > 0) {
      throw fault.with(13, 0);
    }
    long linear = pc + slots[codeBaseSlot] & linearMask;
    int wanted = mode | alone;
    alone = 0;
    int slot = (int) (linear ^ linear >>> 12) & (JUMPS - 1);
    Block block = jumpBlocks[slot];
    if (block == null
        || jumpTargets[slot] != linear
        || jumpModes[slot] != (wanted | mmuMode << 16)
        || !block.valid) {
      block = find(linear, wanted, guest);
    }
    return block;
  }

  private void step() {
    long[] r = slots;
    do {
      Block block = next();
      current = block;
      instructions += block.instructions;
      long[] code = block.code;
      int i = 0;
      running:
      while (true) {
        long w = code[i];
        long x = r[(int) (w >>> 18) & 63];
        long y = (w & Op.IMMEDIATE) != 0 ? w >> 32 : r[(int) (w >>> 24) & 63];
        int shift = 64 - (8 << ((int) (w >>> 7) & 3));
        int d = (int) (w >>> 12) & 63;
        long v;
        switch ((int) w & 127) {
          case Op.MOVE -> v = y;
          case Op.CONSTANT -> v = block.constants[(int) (w >> 32)];
          case Op.ADD -> {
            v = x + y;
            if ((w & Op.FLAGS) != 0) {
              set(SUM, shift, x, y, v);
            }
          }
          case Op.SUBTRACT -> {
            v = x - y;
            if ((w & Op.FLAGS) != 0) {
              set(DIFFERENCE, shift, x, y, v);
            }
          }
          case Op.AND -> {
            v = x & y;
            if ((w & Op.FLAGS) != 0) {
              set(RESULT, shift, 0, 0, v);
            }
          }
          case Op.OR -> {
            v = x | y;
            if ((w & Op.FLAGS) != 0) {
              set(RESULT, shift, 0, 0, v);
            }
          }
          case Op.XOR -> {
            v = x ^ y;
            if ((w & Op.FLAGS) != 0) {
              set(RESULT, shift, 0, 0, v);
            }
          }
          case Op.ADD_CARRY -> {
            v = x + y + (carry() ? 1 : 0);
            if ((w & Op.FLAGS) != 0) {
              set(SUM, shift, x, y, v);
            }
          }
          case Op.SUBTRACT_BORROW -> {
            v = x - y - (carry() ? 1 : 0);
            if ((w & Op.FLAGS) != 0) {
              set(DIFFERENCE, shift, x, y, v);
            }
          }
          case Op.INCREMENT -> {
            v = x + 1;
            if ((w & Op.FLAGS) != 0) {
              step(shift, v, (v & 15) == 0, v << shift == Long.MIN_VALUE);
            }
          }
          case Op.DECREMENT -> {
            v = x - 1;
            if ((w & Op.FLAGS) != 0) {
              step(shift, v, (v & 15) == 15, x << shift == Long.MIN_VALUE);
            }
          }
          case Op.SHIFT_LEFT -> {
            int n = (int) y & (shift == 0 ? 63 : 31);
            v = x << n;
            if ((w & Op.FLAGS) != 0 && n != 0) {
              shiftedLeft(shift, x, n, v);
            }
          }
          case Op.SHIFT_RIGHT -> {
            int n = (int) y & (shift == 0 ? 63 : 31);
            x = x << shift >>> shift;
            v = x >>> n;
            if ((w & Op.FLAGS) != 0 && n != 0) {
              shiftedRight(shift, x, n, v, x << shift < 0);
            }
          }
          case Op.SHIFT_ARITHMETIC -> {
            int n = (int) y & (shift == 0 ? 63 : 31);
            x = x << shift >> shift;
            v = x >> n;
            if ((w & Op.FLAGS) != 0 && n != 0) {
              shiftedRight(shift, x, n, v, false);
            }
          }
          case Op.MULTIPLY -> v = multiply(w, shift, x << shift >> shift, y << shift >> shift);
          case Op.SIGN_EXTEND -> {
            v = y << shift >> shift;
            shift = 0;
          }
          case Op.INSERT8 -> {
            v = (r[d] & ~0xffL) | (y & 0xff);
            shift = 0;
          }
          case Op.INSERT_HIGH8 -> {
            v = (r[d] & ~0xff00L) | (y & 0xff) << 8;
            shift = 0;
          }
          case Op.INSERT16 -> {
            v = (r[d] & ~0xffffL) | (y & 0xffff);
            shift = 0;
          }
          case Op.EXTRACT_HIGH8 -> v = x >>> 8 & 0xff;
          case Op.ADDRESS -> v = x + (y << ((int) w >>> 10 & 3)) + (w >> 32);
          case Op.LOAD -> {
            long address = x + (y << ((int) w >>> 10 & 3)) + (w >> 32);
            if ((w & Op.ADDRESS32) != 0) {
              address &= 0xffffffffL;
            }
            at = i;
            v = load(address, (int) (w >>> 7) & 3);
          }
          case Op.LOAD_TO_WRITE -> {
            long address = x + (y << ((int) w >>> 10 & 3)) + (w >> 32);
            if ((w & Op.ADDRESS32) != 0) {
              address &= 0xffffffffL;
            }
            at = i;
            v = loadToWrite(address, (int) (w >>> 7) & 3);
          }
          case Op.STORE -> {
            long address = x + (y << ((int) w >>> 10 & 3)) + (w >> 32);
            if ((w & Op.ADDRESS32) != 0) {
              address &= 0xffffffffL;
            }
            at = i;
            store(address, (int) (w >>> 7) & 3, r[d]);
            i++;
            continue;
          }
          case Op.SET -> v = holds((int) y) ? 1 : 0;
          case Op.SELECT -> v = holds((int) (w >> 32)) ? x : r[d];
          case Op.BRANCH -> {
            if (!holds((int) (w >>> 18) & 63)) {
              i++;
              continue;
            }
            r[pcSlot] = (r[pcSlot] + (w >> 32)) << shift >>> shift;
            break running;
          }
          case Op.BRANCH_IF -> {
            if (x == 0) {
              i++;
              continue;
            }
            r[pcSlot] = (r[pcSlot] + (w >> 32)) << shift >>> shift;
            break running;
          }
          case Op.JUMP -> {
            r[pcSlot] = (r[pcSlot] + (w >> 32)) << shift >>> shift;
            break running;
          }
          case Op.JUMP_TO -> {
            r[pcSlot] = x << shift >>> shift;
            break running;
          }
          case Op.CALL -> {
            at = i;
            v =
                guest.call(
                    (int) (w >>> 32) & 0xffff, x, r[(int) (w >>> 24) & 63], (int) (w >>> 48));
            shift = 0;
          }
          case Op.CALL_AND_LEAVE -> {
            at = i;
            guest.call((int) (w >>> 32) & 0xffff, x, r[(int) (w >>> 24) & 63], (int) (w >>> 48));
            break running;
          }
          case Op.LEAVE_IF -> {
            if (x == 0) {
              i++;
              continue;
            }
            break running;
          }
          case Op.REVERSE_BYTES -> v = Long.reverseBytes(x) >>> shift;
          default -> throw new IllegalStateException("operation " + (w & 127));
        }
        r[d] = v << shift >>> shift;
        i++;
      }
    } while (attention == 0 && --budget > 0);
  }

  private void step(int shift, long v, boolean adjust, boolean overflow) {
    set(
        RESULT,
        shift,
        (carry() ? CARRY : 0) | (adjust ? ADJUST : 0) | (overflow ? OVERFLOW : 0),
        0,
        v);
  }

  private void shiftedLeft(int shift, long x, int n, long v) {
    int bits = 64 - shift;
    boolean out = n <= bits && (x >>> (bits - n) & 1) != 0;
    boolean overflow = out != (v << shift < 0);
    set(RESULT, shift, (out ? CARRY : 0) | (overflow ? OVERFLOW : 0), 0, v);
  }

  private void shiftedRight(int shift, long x, int n, long v, boolean overflow) {
    boolean out = (x >> (n - 1) & 1) != 0;
    set(RESULT, shift, (out ? CARRY : 0) | (overflow ? OVERFLOW : 0), 0, v);
  }

  private long multiply(long w, int shift, long x, long y) {
    long v = x * y;
    if ((w & Op.FLAGS) != 0) {
      boolean fits = shift == 0 ? Math.multiplyHigh(x, y) == v >> 63 : v << shift >> shift == v;
      set(RESULT, shift, fits ? 0 : CARRY | OVERFLOW, 0, v);
    }
    return v;
  }
}
