// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.CpuSurroundings;
import dev.strata.system.cpu.GuestFault;
import dev.strata.system.cpu.InterruptPins;
import dev.strata.system.cpu.translate.TranslationMode;
import dev.strata.system.log.EventLog;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.MemoryRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** An interpreter and the host's processor, side by side. */
final class TruthMachine implements AutoCloseable {
  private static final long IMAGE = 0x1000;
  private static final int MXCSR_MASK = 28;
  private static final int SOFTWARE = 464; // what FXSAVE leaves alone

  private final NativeRunner host;
  private final Arena arena = Arena.ofConfined();
  private final AddressSpace memory = new AddressSpace(1L << 40, 0);
  private final MemoryRegion low = MemoryRegion.ram("tables", 0x10000, arena);
  private final MemoryRegion code = MemoryRegion.ram("code", 4096, arena);
  private final MemoryRegion data = MemoryRegion.ram("data", NativeRunner.DATA_SIZE, arena);
  final X86Cpu cpu;

  final long[] registers = new long[NativeRunner.REGISTERS];
  final byte[] contents = new byte[NativeRunner.DATA_SIZE];

  /** The image of FXSAVE. */
  final ByteBuffer extended =
      ByteBuffer.allocate(NativeRunner.EXTENDED_SIZE).order(ByteOrder.LITTLE_ENDIAN);

  /** The flags that are compared. */
  long flagsCompared;

  /** Those that are compared if the instruction at an offset faults; the same if it is not told. */
  final Map<Integer, Long> flagsComparedAt = new HashMap<>();

  /** Bits of the x87's status that the manual leaves undefined. */
  int statusUndefined;

  /** The vector that the host raised, or -1. */
  long raised;

  /** Runs one sequence on both, made by chance from its seed. */
  @FunctionalInterface
  interface Comparison {
    /** Throws if they differ. */
    void run(TruthMachine machine, long seed) throws Exception;
  }

  /** Compares so many sequences, from the seed {@code strata.seed} on; counts vectors raised. */
  static int[] compare(
      Path folder, @Nullable TranslationMode translation, int sequences, Comparison one)
      throws Exception {
    int[] raised = new int[32];
    try (var machine = new TruthMachine(folder, translation)) {
      long seed = firstSeed();
      for (int i = 0; i < sequences; i++) {
        one.run(machine, seed + i);
        if (machine.raised >= 0) {
          raised[(int) machine.raised]++;
        }
      }
    }
    return raised;
  }

  /** The seed of the first sequence. */
  static long firstSeed() {
    return Long.getLong("strata.seed", 1);
  }

  TruthMachine(Path folder, @Nullable TranslationMode translation) throws Exception {
    host = new NativeRunner(folder);
    memory.map(0, low, 0);
    memory.map(NativeRunner.CODE, code, 0);
    memory.map(NativeRunner.DATA, data, 0);
    var pins =
        new InterruptPins() {
          @Override
          public int acknowledge() {
            return -1;
          }
        };
    cpu =
        new X86Cpu(
            new CpuSurroundings(
                memory,
                new AddressSpace(0x10000, -1),
                pins,
                System::nanoTime,
                () -> 0x123456789abcdefL,
                EventLog.unread()),
            X86Model.MAX,
            true,
            translation);
  }

  /** Fills registers and data. */
  void begin(Random random) {
    for (int i = 0; i < 16; i++) {
      registers[i] = random.nextInt(4) == 0 ? random.nextInt(3) - 1 : random.nextLong();
    }
    registers[4] = NativeRunner.DATA + 0x800;
    registers[7] = NativeRunner.DATA + 0x100;
    registers[16] = (random.nextInt() & 0x8d5) | 0x202;
    random.nextBytes(contents);
    extended.clear();
    extended.put(new byte[NativeRunner.EXTENDED_SIZE]);
    extended.putShort(0, (short) 0x37f);
    extended.putInt(24, 0x1f80);
    statusUndefined = 0;
    flagsCompared = 0x8d5;
    flagsComparedAt.clear();
  }

  /** Runs code on both; empty if they agree, else where they do not. */
  String difference(byte[] body) throws Exception {
    byte[] bytes = withExit(body);
    long vector = run(bytes);
    byte[] image = extended.array();
    byte[] given = image.clone();
    long[] truth = host.run(registers, image, bytes, contents);
    raised = truth[0];
    String what =
        HexFormat.of().formatHex(body) + " from " + HexFormat.of().formatHex(given, 0, 416);
    if (truth[0] != vector) {
      return what
          + ": vector "
          + vector
          + ", not "
          + truth[0]
          + " at "
          + (truth[1] - NativeRunner.CODE);
    }
    X86 state = cpu.state;
    long pc = vector < 0 ? 0 : state.core.pc();
    if (vector >= 0 && pc != truth[1]) {
      return what + ": faults at " + Long.toHexString(pc) + ", not " + Long.toHexString(truth[1]);
    }
    for (int i = 0; i < 16; i++) {
      if (truth[NativeRunner.HEAD + i] != state.r[i]) {
        return differ(what, "register " + i, state.r[i], truth[NativeRunner.HEAD + i]);
      }
    }
    long compared =
        vector < 0
            ? flagsCompared
            : flagsComparedAt.getOrDefault((int) (truth[1] - NativeRunner.CODE), flagsCompared);
    long flags = state.flags() & compared;
    long trueFlags = truth[NativeRunner.HEAD + 16] & compared;
    if (flags != trueFlags) {
      return differ(what, "flags", flags, trueFlags);
    }
    byte[] ours = data.memory().toArray(ValueLayout.JAVA_BYTE);
    for (int i = 0; i < ours.length; i++) {
      if (ours[i] != contents[i]) {
        return differ(what, "data at " + i, ours[i] & 0xff, contents[i] & 0xff);
      }
    }
    return compareExtended(what, image);
  }

  private byte[] withExit(byte[] body) {
    byte[] bytes = new byte[NativeRunner.CODE_SIZE];
    System.arraycopy(body, 0, bytes, 0, body.length);
    // jmp *[rip+0] to the way out
    bytes[body.length] = (byte) 0xff;
    bytes[body.length + 1] = 0x25;
    for (int i = 0; i < 8; i++) {
      bytes[body.length + 6 + i] = (byte) (host.exit >>> (8 * i));
    }
    return bytes;
  }

  /** The vector of the fault that code raises here, or -1; {@code prepare} comes before it. */
  long vector(byte[] body, Runnable prepare) {
    return run(withExit(body), prepare);
  }

  /** ST(0) after code, here and on the host. */
  double[] tops(byte[] body) throws Exception {
    byte[] bytes = withExit(body);
    run(bytes);
    cpu.extended.save(IMAGE, true);
    double ours =
        top(low.memory().asSlice(IMAGE, 512).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN));
    host.run(registers, extended.array(), bytes, contents);
    return new double[] {ours, top(extended)};
  }

  private static double top(ByteBuffer image) {
    double significand = image.getLong(32) >>> 1;
    int exponent = image.getShort(40);
    return Math.scalb(exponent < 0 ? -significand : significand, (exponent & 0x7fff) - 16383 - 62);
  }

  private String compareExtended(String what, byte[] image) {
    cpu.extended.save(IMAGE, true);
    byte[] ours = low.memory().asSlice(IMAGE, 512).toArray(ValueLayout.JAVA_BYTE);
    image[2] &= (byte) ~statusUndefined;
    image[3] &= (byte) ~(statusUndefined >> 8);
    ours[2] &= (byte) ~statusUndefined;
    ours[3] &= (byte) ~(statusUndefined >> 8);
    for (int i = 0; i < SOFTWARE; i++) {
      boolean pointer = i >= 6 && i < 24; // Makers differ in when these are set.
      boolean mask = i >= MXCSR_MASK && i < MXCSR_MASK + 4;
      if (!pointer && !mask && i < 416 && ours[i] != image[i]) {
        return what
            + ": extended at "
            + i
            + "\n ours "
            + HexFormat.of().formatHex(ours, 0, 416)
            + "\n host "
            + HexFormat.of().formatHex(image, 0, 416);
      }
    }
    return "";
  }

  private static String differ(String what, String where, long ours, long theirs) {
    return what
        + ": "
        + where
        + " is "
        + Long.toHexString(ours)
        + ", not "
        + Long.toHexString(theirs);
  }

  /** Runs the code here; gives the vector of a fault or -1. */
  private long run(byte[] bytes) {
    return run(bytes, () -> {});
  }

  private long run(byte[] bytes, Runnable prepare) {
    X86 state = cpu.state;
    cpu.reset();
    state.cr0 |= X86.PE | X86.NE;
    state.cr4 |= X86.OSFXSR | X86.OSXMMEXCPT | X86.OSXSAVE;
    cpu.components.enabled = StateComponents.ALL;
    state.efer = X86.EFER_LMA;
    state.access[X86.CS] = 0xa09b;
    state.base[X86.CS] = 0;
    state.modeChanged();
    MemorySegment.copy(
        extended.array(),
        0,
        low.memory(),
        ValueLayout.JAVA_BYTE,
        IMAGE,
        NativeRunner.EXTENDED_SIZE);
    cpu.extended.restore(IMAGE, true);
    System.arraycopy(registers, 0, state.r, 0, 16);
    state.core.flags(registers[16]);
    state.r[Slots.PC] = NativeRunner.CODE;
    MemorySegment.copy(bytes, 0, code.memory(), ValueLayout.JAVA_BYTE, 0, bytes.length);
    memory.wrote(NativeRunner.CODE, bytes.length);
    MemorySegment.copy(contents, 0, data.memory(), ValueLayout.JAVA_BYTE, 0, contents.length);
    prepare.run();
    state.modeChanged(); // as after what writes control registers
    try {
      state.core.runUntil(host.exit);
      return -1;
    } catch (GuestFault fault) {
      return fault.vector;
    }
  }

  @Override
  public void close() throws IOException {
    host.close();
    arena.close();
  }
}
