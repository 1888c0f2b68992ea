// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.cpu.translate.TranslationMode;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.MmioHandler;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * String instructions that reach a device which changes, in the middle of them, what is mapped at
 * their other operand: the elements that follow are of what is there then.
 */
final class RemappedStringTest {
  private static final int DEVICE = 0x14000; // with memory on both sides
  private static final int BEFORE = DEVICE - 0x800;
  private static final int BEHIND = DEVICE + 0x1000;
  private static final int PORT = 0x80;
  private static final int ELEMENTS = 0x40;
  private static final int CHANGING = 0x14; // the element that changes the map
  private static final int OLD = 0x11; // in memory
  private static final int NEW = 0x22; // in what takes its place, in the device and at the port
  private static final int STORED = 0x33;

  private static final String COUNT = "b940000000"; // mov ecx, 40h
  private static final String TO_PORT = "ba80000000"; // mov edx, 80h

  /** What takes the place of memory. */
  private enum Change {
    MEMORY,
    REGISTERS,
    SHUT_ADDRESS_LINE
  }

  private record Case(@Nullable TranslationMode mode, Change change) {}

  static Stream<Case> cases() {
    return Stream.of(Change.values())
        .flatMap(c -> Stream.of(new Case(null, c), new Case(TranslationMode.AT_ONCE, c)));
  }

  /** A device, in memory and as a port; and what it puts where memory has been. */
  private static final class Changing implements MmioHandler, AutoCloseable {
    final ProgramMachine machine;
    final Change change;
    final long changed;
    final StringBuilder written = new StringBuilder();
    int accesses;

    private final Arena arena = Arena.ofConfined();
    private final MemoryRegion other = MemoryRegion.ram("other", 4096, arena);
    private int storedToRegisters;

    /**
     * Makes a device.
     *
     * @param changed the page that is changed
     */
    Changing(Case of, int changed) {
      machine = new ProgramMachine(true, of.mode());
      change = of.change();
      this.changed = changed & -4096;
    }

    private final MemoryRegion registers =
        MemoryRegion.mmio(
            "registers",
            4096,
            new MmioHandler() {
              @Override
              public long read(long offset, int bytes) {
                return NEW;
              }

              @Override
              public void write(long offset, int bytes, long value) {
                storedToRegisters++;
              }
            });

    private void accessed() {
      if (++accesses == CHANGING) {
        switch (change) {
          case MEMORY -> machine.memory.map(changed, other, 2);
          case REGISTERS -> machine.memory.map(changed, registers, 2);
          case SHUT_ADDRESS_LINE -> machine.memory.addressMask(~0x80000L);
        }
      }
    }

    @Override
    public long read(long offset, int bytes) {
      accessed();
      return NEW;
    }

    @Override
    public void write(long offset, int bytes, long value) {
      written.append(HexFormat.of().toHexDigits((byte) value));
      accessed();
    }

    /** Runs code once the page that will be changed is known to be writable memory. */
    void run(int source, int destination, String code) {
      String known = "8a0425" + little((int) changed) + "880425" + little((int) changed);
      String registersSet = "be" + little(source) + "bf" + little(destination) + "b033";
      machine.load(HexFormat.of().parseHex(known + registersSet + code + "f4"));
      fill(BEFORE & -4096, OLD);
      fill(BEHIND, OLD);
      other.memory().fill((byte) NEW);
      machine.memory.map(DEVICE, MemoryRegion.mmio("device", 4096, this), 1);
      machine.ports.map(PORT, MemoryRegion.mmio("port", 1, this), 0);
      if (change == Change.SHUT_ADDRESS_LINE) {
        // The other memory is there all the time, but for what bit 19 leads to.
        machine.memory.map(changed, other, 2);
        machine.memory.map(changed | 0x80000, machine.ram, changed, 4096, 2);
        machine.page(changed, changed | 0x80000);
      }
      machine.run(new Random(1), false);
      assertTrue(machine.hasEnded());
    }

    private void fill(long at, int value) {
      machine.ram.memory().asSlice(at, 4096).fill((byte) value);
    }

    long register(int slot) {
      return machine.cpu.state.r[slot];
    }

    /** Bytes that the memory there before has got. */
    long storedToOld() {
      return different(machine.ram.memory().asSlice(changed, 4096), OLD);
    }

    /** Bytes that what has taken its place has got. */
    long storedToNew() {
      return change == Change.REGISTERS ? storedToRegisters : different(other.memory(), NEW);
    }

    private static long different(MemorySegment memory, int from) {
      return IntStream.range(0, 4096)
          .filter(i -> memory.get(ValueLayout.JAVA_BYTE, i) != from)
          .count();
    }

    @Override
    public void close() {
      machine.close();
      arena.close();
    }
  }

  private static String little(int address) {
    return HexFormat.of().toHexDigits(Integer.reverseBytes(address));
  }

  private static String bytes(int value, int count) {
    return HexFormat.of().toHexDigits((byte) value).repeat(count);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void movsReadsFromWhatItsOwnStoreHasPutThere(Case of) {
    try (var device = new Changing(of, BEFORE)) {
      device.run(BEFORE, DEVICE, COUNT + "f3a4");
      assertEquals(
          bytes(OLD, CHANGING) + bytes(NEW, ELEMENTS - CHANGING), device.written.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void movsStoresToWhatItsOwnReadHasPutThere(Case of) {
    try (var device = new Changing(of, BEFORE)) {
      device.run(DEVICE, BEFORE, COUNT + "f3a4");
      assertEquals(CHANGING - 1, device.storedToOld());
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void stosGoesOnInWhatIsBehindTheDeviceThen(Case of) {
    try (var device = new Changing(of, BEHIND)) {
      device.run(0, BEHIND - CHANGING, COUNT + "f3aa");
      assertEquals(bytes(STORED, CHANGING), device.written.toString());
      assertEquals(0, device.storedToOld());
      assertEquals(ELEMENTS - CHANGING, device.storedToNew());
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void lodsGoesOnInWhatIsBehindTheDeviceThen(Case of) {
    try (var device = new Changing(of, BEHIND)) {
      device.run(BEHIND - CHANGING, 0, COUNT + "f3ac");
      assertEquals(NEW, device.register(Slots.RAX) & 0xff);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void scasGoesOnInWhatIsBehindTheDeviceThen(Case of) {
    try (var device = new Changing(of, BEHIND)) {
      device.run(0, BEHIND - CHANGING, "b022" + COUNT + "f3ae");
      assertEquals(0, device.register(Slots.RCX)); // All has been equal.
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void cmpsComparesWithWhatItsOwnReadHasPutThere(Case of) {
    try (var device = new Changing(of, BEFORE)) {
      device.run(DEVICE, BEFORE, COUNT + "f2a6");
      assertEquals(ELEMENTS - CHANGING, device.register(Slots.RCX));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void insStoresToWhatThePortHasPutThere(Case of) {
    try (var device = new Changing(of, BEFORE)) {
      device.run(0, BEFORE, COUNT + TO_PORT + "f36c");
      assertEquals(CHANGING - 1, device.storedToOld());
      assertEquals(ELEMENTS, device.accesses);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void outsReadsFromWhatThePortHasPutThere(Case of) {
    try (var device = new Changing(of, BEFORE)) {
      device.run(BEFORE, 0, COUNT + TO_PORT + "f36e");
      assertEquals(
          bytes(OLD, CHANGING) + bytes(NEW, ELEMENTS - CHANGING), device.written.toString());
    }
  }

  /** Reading a register may change it; a string that is stored reads nothing where it goes. */
  @ParameterizedTest
  @MethodSource("cases")
  void insDoesNotReadTheRegistersThatItStoresTo(Case of) {
    try (var device = new Changing(of, BEFORE)) {
      device.run(0, DEVICE, COUNT + TO_PORT + "f36c");
      assertEquals(bytes(NEW, ELEMENTS), device.written.toString());
      assertEquals(2 * ELEMENTS, device.accesses); // Each at the port and at the device.
    }
  }
}
