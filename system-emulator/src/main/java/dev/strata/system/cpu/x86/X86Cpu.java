// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static dev.strata.system.cpu.x86.Slots.PC;

import dev.strata.block.BlockException;
import dev.strata.system.cpu.Cpu;
import dev.strata.system.cpu.CpuSurroundings;
import dev.strata.system.cpu.ExitReason;
import dev.strata.system.cpu.GuestFault;
import dev.strata.system.cpu.interpret.Flags;
import dev.strata.system.cpu.interpret.Guest;
import dev.strata.system.cpu.interpret.Interpreter;
import dev.strata.system.cpu.ir.Block;
import dev.strata.system.cpu.translate.TranslationMode;
import dev.strata.system.cpu.translate.Translator;
import dev.strata.system.log.EventLog;
import dev.strata.system.log.LogItem;
import dev.strata.system.state.StateFields;
import org.jspecify.annotations.Nullable;

/** An x86 processor: decoded code calls in here for all that is no plain arithmetic. */
final class X86Cpu implements Cpu, Guest {
  private static final int UNDEFINED_OPCODE = X86.UNDEFINED_OPCODE;

  final X86 state;
  final @Nullable Translator translator;
  private final Interpreter core;
  private final Decoder decoder;
  private final Paging paging;
  private final Segments segments;
  private final FarTransfers transfers;
  private final InterruptLog log;
  private final Interrupts interrupts;
  private final SystemRegisters registers;
  private final SystemManagement management;
  private final StringInstructions strings;
  private final Integers integers;
  private final BitManipulation bits;
  private final Frames frames;
  final ExtendedState extended;
  final StateComponents components;
  private final X87 x87;
  private final Sse sse;
  private volatile boolean stopping;
  private long deadline;

  /**
   * A processor.
   *
   * @param wide whether it may have 64 bits, as the layout of what it saves tells
   * @param translation null to interpret all
   */
  X86Cpu(
      CpuSurroundings surroundings,
      X86Model model,
      boolean wide,
      @Nullable TranslationMode translation) {
    translator = translation == null ? null : new Translator(Slots.ROLES, translation);
    core =
        new Interpreter(
            surroundings.memory(),
            3,
            this,
            PC,
            Slots.BASE + X86.CS,
            VectorFunction.ALL,
            translator);
    state = new X86(core, surroundings, model);
    decoder = new Decoder(core, model.features());
    paging = new Paging(state);
    segments = new Segments(state);
    transfers = new FarTransfers(state, segments);
    log = new InterruptLog(state, paging::look);
    interrupts = new Interrupts(state, segments, log);
    registers = new SystemRegisters(state, paging);
    management =
        new SystemManagement(state, registers, log, wide ? new WideSaveMap() : new NarrowSaveMap());
    strings = new StringInstructions(state);
    integers = new Integers(state);
    bits = new BitManipulation(core);
    frames = new Frames(state);
    extended = new ExtendedState(state);
    x87 = new X87(state, extended);
    components = new StateComponents(state, extended);
    sse = new Sse(state, extended, components, x87);
    clear();
  }

  @Override
  public void reset() {
    logReset();
    clear();
  }

  private void logReset() {
    EventLog told = state.surroundings.log();
    if (told.has(LogItem.CPU_RESET)) {
      told.add("CPU Reset (CPU 0)\n" + describe());
    }
  }

  private void clear() {
    management.reset();
    initialise();
  }

  /** What the INIT pin does. */
  private void initialise() {
    state.reset();
    registers.reset();
    extended.reset();
    components.reset();
  }

  @Override
  public ExitReason run(long nanos) {
    deadline = System.nanoTime() + nanos;
    stopping = false;
    core.attend(1);
    core.run();
    return state.shutdown
        ? ExitReason.SHUTDOWN
        : state.halted && !wakes() ? ExitReason.HALTED : ExitReason.TIME;
  }

  @Override
  public void stop() {
    stopping = true;
    core.attend(1);
  }

  @Override
  public void interrupt(int line, boolean level) {
    switch (line) {
      case 0 -> state.interruptLine = level;
      case 1 -> state.nonMaskable |= level;
      case 2 -> state.managementWanted |= level;
      case 3 -> state.initialise |= level;
      default -> throw new IllegalArgumentException("no line " + line);
    }
    if (level) {
      core.attend(1);
    }
  }

  /** How many instructions have begun since power-on. */
  long instructions() {
    return core.instructions;
  }

  private boolean wakes() {
    return takesNonMaskable()
        || (!state.managed && (state.initialise || state.managementWanted))
        || (state.interruptLine && (state.system & X86.INTERRUPT) != 0);
  }

  private boolean takesNonMaskable() {
    return state.nonMaskable && !state.nonMaskableBlocked;
  }

  @Override
  public boolean service() {
    core.attended();
    core.synchronise();
    if (stopping || state.shutdown || System.nanoTime() - deadline >= 0) {
      core.attend(1);
      return false;
    }
    if (state.initialise && !state.managed) {
      state.initialise = false;
      logReset();
      initialise();
    }
    if (state.inhibited) {
      state.inhibited = false;
      core.attend(1);
      return true;
    }
    if (state.trapping) {
      state.trapping = false;
      state.debug[6] |= 1 << 14;
      interrupts.exception(core.fault.with(X86.DEBUG, -1));
    }
    if (state.managementWanted && !state.managed) {
      state.managementWanted = false;
      management.enter();
      core.synchronise();
    }
    if (takesNonMaskable()) {
      state.nonMaskable = false;
      state.nonMaskableBlocked = true;
      interrupts.external(2);
    } else if (state.interruptLine && (state.system & X86.INTERRUPT) != 0) {
      int vector = state.surroundings.pins().acknowledge();
      if (vector >= 0) {
        log.hardware(vector);
        interrupts.external(vector);
      }
    }
    if (state.halted) {
      return false;
    }
    if ((state.system & X86.TRAP) != 0) {
      state.trapping = true;
      core.attend(1);
    }
    return true;
  }

  @Override
  public void deliver(GuestFault fault) {
    state.trapping = false;
    interrupts.exception(fault);
  }

  @Override
  public Block decode(long linear, int mode) {
    return decoder.decode(linear, mode);
  }

  @Override
  public long walk(long virtualAddress, int access, int mmuMode) {
    return paging.walk(virtualAddress, access, mmuMode);
  }

  @Override
  public long physicalAddress(long virtualAddress) {
    return paging.look(virtualAddress);
  }

  @Override
  public @Nullable Long register(String name) {
    return RegisterNames.value(state, name);
  }

  private void next() {
    state.r[PC] = state.r[Slots.NEXT];
  }

  @Override
  public long call(int number, long a, long b, int extra) {
    switch (number) {
      case Calls.LINEAR -> {
        return state.linear(extra & 7, a, 1 << (extra >> 3 & 7), (extra & 1 << 6) != 0);
      }
      case Calls.STRING -> strings.run((int) a, extra & 0xffff);
      case Calls.BIT_COUNT -> {
        return integers.bitCount(a, extra);
      }
      case Calls.ROTATE -> {
        return integers.rotate(a, b, extra);
      }
      case Calls.DOUBLE_SHIFT -> {
        return integers.doubleShift(a, b, extra);
      }
      case Calls.MULTIPLY_WIDE -> integers.multiply(a, extra);
      case Calls.DIVIDE -> integers.divide(a, extra);
      case Calls.COMPARE_EXCHANGE -> {
        return integers.compareExchange(a, b, extra);
      }
      case Calls.COMPARE_EXCHANGE_WIDE -> integers.compareExchangeWide(a, extra);
      case Calls.DECIMAL -> integers.decimal(extra);
      case Calls.BITS -> {
        return bits.run(a, b, extra);
      }
      case Calls.OWN_CARRY -> {
        return bits.addWithOwnCarry(a, b, extra);
      }
      case Calls.CRC32 -> {
        return BitManipulation.checksum(a, b, extra);
      }
      case Calls.RANDOM -> {
        core.flags(Flags.CARRY);
        return state.surroundings.entropy().getAsLong();
      }
      case Calls.CARRY -> carry(extra);
      case Calls.LOAD_FLAGS -> {
        return (core.flags() & 0xff) | 2;
      }
      case Calls.STORE_FLAGS -> core.flags((core.flags() & Flags.OVERFLOW) | (a & 0xd5));
      case Calls.DIRECTION ->
          state.system = extra == 0 ? state.system & ~X86.DIRECTION : state.system | X86.DIRECTION;
      case Calls.IN -> {
        PortAccess.check(state, (int) a, 1 << extra);
        return state.surroundings.ports().read(a, 1 << extra);
      }
      case Calls.OUT -> {
        PortAccess.check(state, (int) a, 1 << extra);
        state.surroundings.ports().write(a, 1 << extra, b & -1L >>> (64 - (8 << extra)));
      }
      case Calls.PUSH_FLAGS -> {
        return frames.flagsToPush();
      }
      case Calls.POP_FLAGS -> frames.popFlags(extra);
      case Calls.PUSH_ALL -> frames.pushAll(extra);
      case Calls.POP_ALL -> frames.popAll(extra);
      case Calls.ENTER -> frames.enter((int) a, extra & 31, extra >> 8);
      case Calls.BOUND -> frames.bound(a, b, extra);
      case Calls.X87 -> x87.run(a, b, extra);
      case Calls.X87_STATE -> {
        return sse.state(a, extra);
      }
      default -> {
        if ((number & Calls.VECTOR) != 0) {
          return sse.run(number, a, b, extra);
        }
        if ((number & Calls.CAREFULLY) != 0) {
          return sse.careful(number, a, b);
        }
        return system(number, a, b, extra);
      }
    }
    return 0;
  }

  private void carry(int what) {
    long flags = core.flags();
    core.flags(
        what == 2 ? flags ^ Flags.CARRY : what == 1 ? flags | Flags.CARRY : flags & ~Flags.CARRY);
  }

  private long system(int number, long a, long b, int extra) {
    switch (number) {
      case Calls.LOAD_SEGMENT -> segments.load(extra, (int) a & 0xffff);
      case Calls.INTERRUPT -> interrupts.software(extra & 0xff);
      case Calls.INTO -> {
        if ((core.flags() & Flags.OVERFLOW) != 0) {
          interrupts.software(4);
        } else {
          next();
        }
      }
      case Calls.INTERRUPT_RETURN -> {
        // It ends that even if it fails.
        state.nonMaskableBlocked = false;
        if (state.nonMaskable) {
          core.attend(1);
        }
        transfers.returnFromInterrupt(extra);
      }
      case Calls.FAR_JUMP -> transfers.jump((int) a & 0xffff, b, extra);
      case Calls.FAR_CALL -> transfers.call((int) a & 0xffff, b, extra);
      case Calls.FAR_RETURN -> transfers.returnFar((int) a, extra);
      case Calls.HALT -> {
        state.needPrivilege();
        next();
        state.halted = true;
        core.attend(1);
      }
      case Calls.SET_INTERRUPTS -> {
        interruptPrivilege();
        boolean before = (state.system & X86.INTERRUPT) != 0;
        state.flags(X86.INTERRUPT, X86.INTERRUPT);
        next();
        if (!before) {
          state.inhibited = true;
          core.alone = Interpreter.ALONE;
          core.attend(1);
        }
      }
      case Calls.CLEAR_INTERRUPTS -> {
        interruptPrivilege();
        state.system &= ~X86.INTERRUPT;
        next();
      }
      case Calls.READ_CONTROL -> {
        return registers.readControl(extra);
      }
      case Calls.WRITE_CONTROL -> registers.writeControl(extra, a);
      case Calls.READ_DEBUG -> {
        state.needPrivilege();
        return state.debug[extra & 7];
      }
      case Calls.WRITE_DEBUG -> {
        state.needPrivilege();
        state.debug[extra & 7] = a;
        next();
      }
      case Calls.CLEAR_TS -> {
        state.needPrivilege();
        state.cr0 &= ~X86.TS;
        next();
        state.modeChanged();
      }
      case Calls.RESUME -> management.resume();
      case Calls.CPUID -> registers.identify();
      case Calls.READ_MSR -> registers.readMsr();
      case Calls.WRITE_MSR -> registers.writeMsr();
      case Calls.GET_EXTENDED_CONTROL -> registers.pair(components.control(state.r[Slots.RCX]));
      case Calls.SET_EXTENDED_CONTROL -> components.control(state.r[Slots.RCX], registers.pair());
      case Calls.READ_TSC -> registers.readTsc(extra != 0);
      case Calls.SYSCALL -> registers.syscall();
      case Calls.SYSRET -> registers.sysret(extra);
      case Calls.SYSENTER -> registers.sysenter();
      case Calls.SYSEXIT -> registers.sysexit(extra);
      case Calls.SWAP_GS -> registers.swapGs();
      case Calls.INVALIDATE_PAGE -> {
        state.needPrivilege();
        core.flushPage(a);
        next();
      }
      case Calls.PRIVILEGED -> state.needPrivilege();
      case Calls.MISALIGNED -> throw state.generalProtection(0);
      case Calls.NO_VECTORS -> throw sse.unavailable();
      case Calls.ALIGN_CHECK_FLAG -> {
        state.needPrivilege();
        state.flags(extra == 0 ? 0 : X86.ALIGNMENT, X86.ALIGNMENT);
      }
      case Calls.PROTECTED_ONLY -> {
        if (state.isParagraphs()) {
          throw state.fault(UNDEFINED_OPCODE, -1);
        }
      }
      case Calls.SYSTEM_TABLE -> {
        return tables(extra, a, b);
      }
      case Calls.SELECTOR_INFO -> {
        return frames.selectorInfo(segments, (int) a & 0xffff, b, extra);
      }
      case Calls.ADJUST_RPL -> {
        return adjustRpl(a, b, extra);
      }
      case Calls.BIT_FIELD -> {
        return baseAccess(a, extra);
      }
      default -> throw state.fault(UNDEFINED_OPCODE, -1);
    }
    return 0;
  }

  private void interruptPrivilege() {
    if (state.isProtected() && state.cpl > (state.system & X86.IOPL) >> 12) {
      throw state.generalProtection(0);
    }
  }

  private long tables(int which, long a, long b) {
    switch (which) {
      case 0 -> {
        return state.selector[X86.LDTR];
      }
      case 1 -> {
        return state.selector[X86.TR];
      }
      case 2 -> {
        state.needPrivilege();
        segments.loadLocalTable((int) a & 0xffff);
      }
      case 3 -> {
        state.needPrivilege();
        segments.loadTask((int) a & 0xffff);
      }
      case 4 -> {
        return state.gdtLimit;
      }
      case 5 -> {
        return state.gdtBase;
      }
      case 6 -> {
        return state.idtLimit;
      }
      case 7 -> {
        return state.idtBase;
      }
      case 8 -> {
        state.needPrivilege();
        state.gdtLimit = (int) a & 0xffff;
        state.gdtBase = b;
      }
      default -> {
        state.needPrivilege();
        state.idtLimit = (int) a & 0xffff;
        state.idtBase = b;
      }
    }
    return 0;
  }

  private long adjustRpl(long old, long with, int setFlags) {
    boolean lower = (old & 3) < (with & 3);
    if (setFlags != 0) {
      core.flags((core.flags() & ~Flags.ZERO) | (lower ? Flags.ZERO : 0));
    }
    return lower ? (old & ~3L) | (with & 3) : old;
  }

  /** RDFSBASE and the like. */
  private long baseAccess(long value, int kind) {
    if ((state.cr4 & X86.FSGSBASE) == 0) {
      throw state.fault(UNDEFINED_OPCODE, -1);
    }
    int segment = (kind & 1) == 0 ? X86.FS : X86.GS;
    if ((kind & 2) == 0) {
      return state.base[segment];
    }
    long base = kind >> 2 == 3 ? value : value & 0xffffffffL;
    if (!state.isCanonical(base)) {
      throw state.generalProtection(0);
    }
    state.base[segment] = base;
    state.r[Slots.BASE + segment] = base;
    return 0;
  }

  @Override
  public String describe() {
    return RegisterText.of(state, extended);
  }

  @Override
  public String pages(boolean merged) {
    return PageListing.of(state, merged);
  }

  @Override
  public void state(StateFields fields) throws BlockException {
    core.synchronise();
    state.model.same(fields);
    registers.state(fields);
    state.state(fields);
    extended.state(fields);
    components.state(fields);
    management.state(fields);
    if (fields.isLoading()) {
      core.topologyChanged(0, Long.MAX_VALUE); // other code is in memory now
      core.synchronise();
      state.modeChanged();
      core.attend(1);
    }
  }
}
