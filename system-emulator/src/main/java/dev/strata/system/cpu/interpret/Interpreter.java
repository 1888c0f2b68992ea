// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import dev.strata.system.cpu.GuestFault;
import dev.strata.system.cpu.ir.Block;
import dev.strata.system.cpu.ir.Op;
import dev.strata.system.cpu.ir.PureFunction;
import dev.strata.system.memory.AddressSpace;
import java.util.List;
import java.util.function.LongBinaryOperator;
import org.jspecify.annotations.Nullable;

/** Runs a guest, block by block. */
public final class Interpreter extends GuestMemory {
  /** The slots that operations name; 64 of them. */
  public final long[] slots = new long[64];

  /** The halves of vectors that operations name; 64 of them. */
  public final long[] vectors = new long[64];

  /** Bit of a decoding mode: one instruction a block. */
  public static final int ALONE = 1 << 15;

  private final Guest guest;
  final int pcSlot;
  private final int codeBaseSlot;
  private final LongBinaryOperator[] functions;

  private long linearMask = -1;
  private long codeLimit = -1;

  // Linear addresses of code are its pcs, and none is too high.
  private boolean isFlat;
  private final @Nullable RegionMaker maker;

  /** The next block is to be one instruction: {@link #ALONE}, once. */
  public int alone;

  /** Instructions begun since the start. */
  public long instructions;

  // Instructions between two looks at the time.
  private static final int STRETCH = 40_000;
  private long looksAt; // as many instructions
  int at;

  /**
   * An interpreter.
   *
   * @param pcSlot holds the pc of the block that runs
   * @param codeBaseSlot is added to the pc for a linear address
   * @param functions what FUNCTION computes, by their numbers
   * @param maker translates what is hot; null to interpret all
   */
  public Interpreter(
      AddressSpace space,
      int mmuModes,
      Guest guest,
      int pcSlot,
      int codeBaseSlot,
      List<PureFunction> functions,
      @Nullable RegionMaker maker) {
    super(space, mmuModes);
    this.maker = maker;
    this.guest = guest;
    this.pcSlot = pcSlot;
    this.codeBaseSlot = codeBaseSlot;
    this.functions =
        functions.stream().map(PureFunction::operator).toArray(LongBinaryOperator[]::new);
    walker(guest);
  }

  /**
   * How what comes next is decoded.
   *
   * @param newMode the decoder's
   * @param newLinearMask what a linear address of code is cut to
   * @param newCodeLimit no pc may be above
   */
  public void mode(int newMode, long newLinearMask, long newCodeLimit) {
    if (mode != newMode || linearMask != newLinearMask || codeLimit != newCodeLimit) {
      generation++;
      mode = newMode;
      linearMask = newLinearMask;
      codeLimit = newCodeLimit;
      tellJumps();
    }
    isFlat = slots[codeBaseSlot] == 0 && Long.compareUnsigned(codeLimit, linearMask) >= 0;
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
    if (maker != null) {
      maker.publish();
    }
  }

  /** The pc of the instruction that runs. */
  public long pc() {
    Block block = current;
    return block == null ? slots[pcSlot] : slots[pcSlot] + block.offsets[at];
  }

  /** Runs until the guest's service says no. */
  public void run() {
    thread = Thread.currentThread();
    while (true) {
      try {
        if (!goesOn()) {
          looksAt = instructions + STRETCH;
          current = null;
          running = null;
          if (!guest.service()) {
            return;
          }
        }
        step();
      } catch (GuestFault f) {
        slots[pcSlot] = pc();
        current = null;
        running = null;
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
    thread = Thread.currentThread();
    while (slots[pcSlot] != pc) {
      synchronise();
      attend(1); // One block, then a look at the pc.
      step();
    }
  }

  /** The block that comes next; null if it was a region, which has run. */
  private @Nullable Block next() {
    current = null;
    running = null;
    long pc = slots[pcSlot];
    if (Long.compareUnsigned(pc, codeLimit) > 0) {
      throw fault.with(13, 0);
    }
    long linear = pc + slots[codeBaseSlot] & linearMask;
    if (alone != 0) {
      int once = mode | alone;
      alone = 0;
      return find(linear, once, guest);
    }
    int slot = jumps.find(linear);
    Block block = slot == JumpCache.NONE ? enter(linear, mode, guest) : jumps.block(slot);
    if (block.translation instanceof Region region && region.fits(pc, codeLimit)) {
      if (isFlat) {
        jumps.enter(linear, region);
      }
      run(region);
      return null;
    }
    return block;
  }

  private void step() {
    long[] r = slots;
    do {
      if (isFlat && alone == 0 && runRegions()) {
        return;
      }
      Block block = next();
      if (block == null) {
        continue;
      }
      if (maker != null && ++block.executions >= maker.threshold() && hot(maker, block)) {
        continue;
      }
      current = block;
      instructions += block.instructions;
      looksAt--; // what repeats one instruction counts, too
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
              set(RESULT, shift, incremented(carry() ? 1 : 0, shift, v), 0, v);
            }
          }
          case Op.DECREMENT -> {
            v = x - 1;
            if ((w & Op.FLAGS) != 0) {
              set(RESULT, shift, decremented(carry() ? 1 : 0, shift, x, v), 0, v);
            }
          }
          case Op.SHIFT_LEFT -> {
            int n = (int) y & (shift == 0 ? 63 : 31);
            v = x << n;
            if ((w & Op.FLAGS) != 0 && n != 0) {
              set(RESULT, shift, shiftedLeft(shift, x, n, v), 0, v);
            }
          }
          case Op.SHIFT_RIGHT -> {
            int n = (int) y & (shift == 0 ? 63 : 31);
            x = x << shift >>> shift;
            v = x >>> n;
            if ((w & Op.FLAGS) != 0 && n != 0) {
              set(RESULT, shift, shiftedRight(shift, x, n), 0, v);
            }
          }
          case Op.SHIFT_ARITHMETIC -> {
            int n = (int) y & (shift == 0 ? 63 : 31);
            x = x << shift >> shift;
            v = x >> n;
            if ((w & Op.FLAGS) != 0 && n != 0) {
              set(RESULT, shift, shiftedArithmetic(x, n), 0, v);
            }
          }
          case Op.ROTATE_LEFT, Op.ROTATE_RIGHT -> {
            boolean left = ((int) w & 127) == Op.ROTATE_LEFT;
            int n = left ? (int) (w >> 32) : -(int) (w >> 32);
            v = shift == 0 ? Long.rotateLeft(x, n) : Integer.rotateLeft((int) x, n);
            if ((w & Op.FLAGS) != 0) {
              flags(left ? rotatedLeft(flags(), shift, v) : rotatedRight(flags(), shift, v));
            }
          }
          case Op.MULTIPLY -> {
            x = x << shift >> shift;
            y = y << shift >> shift;
            v = x * y;
            if ((w & Op.FLAGS) != 0) {
              set(RESULT, shift, multiplied(shift, x, y, v), 0, v);
            }
          }
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
          case Op.PROBE -> {
            long address = x + (y << ((int) w >>> 10 & 3)) + (w >> 32);
            if ((w & Op.ADDRESS32) != 0) {
              address &= 0xffffffffL;
            }
            at = i;
            probe(address, Op.width(w));
            i++;
            continue;
          }
          case Op.GET_HALF -> v = vectors[(int) (w >>> 18) & 63];
          case Op.SET_HALF -> {
            vectors[d] = y;
            i++;
            continue;
          }
          case Op.FUNCTION -> {
            long second = (w & Op.IMMEDIATE) != 0 ? w >> 48 : y;
            v = functions[Op.function(w)].applyAsLong(x, second);
          }
          case Op.FUNCTION_OF_HALVES -> {
            long first = vectors[(int) (w >>> 18) & 63];
            long second = (w & Op.IMMEDIATE) != 0 ? w >> 48 : vectors[(int) (w >>> 24) & 63];
            vectors[d] = functions[Op.function(w)].applyAsLong(first, second);
            i++;
            continue;
          }
          case Op.FUNCTION_WITH_SLOT -> {
            long first = vectors[(int) (w >>> 18) & 63];
            vectors[d] = functions[Op.function(w)].applyAsLong(first, y);
            i++;
            continue;
          }
          case Op.SET -> v = holds((int) y) ? 1 : 0;
          case Op.SELECT -> v = holds((int) (w >> 32)) ? x : r[d];
          case Op.BRANCH -> {
            int condition = (int) (w >>> 18) & 63;
            if (holds((int) (w >>> 24) & 63, condition) != ((condition & 1) == 0)) {
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
          case Op.CALL_IF -> {
            if (r[Op.condition(w)] == 0) {
              i++;
              continue;
            }
            at = i;
            v = guest.call((int) (w >>> 32) & 0xffff, x, y, 0);
            shift = 0;
          }
          case Op.SET_FLAGS -> {
            flags(y);
            i++;
            continue;
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
    } while (goesOn());
  }

  private boolean goesOn() {
    return attention == 0 && instructions < looksAt;
  }

  // --- translated code ---

  private boolean hot(RegionMaker by, Block block) {
    if ((block.mode & ALONE) != 0 || block.translation != null || cached(block) == null) {
      return false;
    }
    by.hot(this, block, slots[pcSlot]);
    if (block.translation instanceof Region region && region.fits(slots[pcSlot], codeLimit)) {
      run(region);
      return true;
    }
    return false;
  }

  /**
   * Runs one region after the other while jumps are known to lead to one. Most of the time is spent
   * here.
   *
   * @return whether it is time to look up
   */
  private boolean runRegions() {
    depth = 0;
    for (Region next = nextRegion(); next != null; next = nextRegion()) {
      run(next);
      if (!goesOn()) {
        return true;
      }
    }
    return false;
  }

  private @Nullable Region nextRegion() {
    int slot = jumps.find(slots[pcSlot]);
    return slot == JumpCache.NONE ? null : jumps.region(slot);
  }

  private void run(Region region) {
    current = null;
    running = region;
    region.code.run(region, this, slots, (int) Math.max(looksAt - instructions, 1));
  }

  // Regions that have called out and wait for their return: each is on the thread's stack.
  private static final int DEEPEST = 64;
  private int depth;

  /**
   * Runs what a region calls, until that returns to it.
   *
   * @param caller the region, whose state has been told
   * @param returnsTo the pc there
   * @param begun {@link #generation} when the region was entered
   * @return as many instructions as the region may go on for, from what state there is now; 0 if it
   *     is to be left
   */
  public int callOut(Region caller, long returnsTo, int begun) {
    if (depth == DEEPEST || !isFlat || !goesOn()) {
      return 0;
    }
    depth++;
    int most = 0;
    for (Region next = nextRegion(); next != null; next = nextRegion()) {
      run(next);
      if (!goesOn()) {
        break;
      }
      if (slots[pcSlot] == returnsTo) {
        if (generation == begun) {
          running = caller;
          most = (int) (looksAt - instructions);
        }
        break;
      }
    }
    depth--;
    return most;
  }

  /** Makes the guest's call of a number, as CALL does. */
  public long call(int number, long a, long b, int extra) {
    return guest.call(number, a, b, extra);
  }

  /** Whether a region that has begun so many instructions may go on. */
  public boolean goesOn(int begun, int most) {
    return attention == 0 && begun < most;
  }

  /** Whether a pc leads to a block without a walk of page tables. */
  public boolean leadsTo(long pc, Block block) {
    return known(pc, block.mode) == block && Long.compareUnsigned(pc, codeLimit) <= 0;
  }

  private @Nullable Block known(long pc, int inMode) {
    long linear = pc + slots[codeBaseSlot] & linearMask;
    int slot = jumps.find(linear);
    return slot != JumpCache.NONE && inMode == mode ? jumps.block(slot) : null;
  }

  /**
   * The block that a pc leads to, if it has been decoded and can be found without a walk of page
   * tables.
   *
   * @param from a block that the processor is in
   * @param fromPc its pc
   */
  public @Nullable Block known(long pc, Block from, long fromPc) {
    long base = slots[codeBaseSlot];
    long linear = pc + base & linearMask;
    long fromLinear = fromPc + base & linearMask;
    return ((linear ^ fromLinear) & PAGE) == 0
        ? decoded((from.physical & PAGE) | (linear & ~PAGE), from.mode)
        : cached(known(pc, from.mode));
  }

  // Code in device registers is not kept, and not translated.
  private @Nullable Block cached(@Nullable Block block) {
    return block != null && decoded(block.physical, block.mode) == block ? block : null;
  }
}
