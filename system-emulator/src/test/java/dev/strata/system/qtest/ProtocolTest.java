// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.clock.Timer;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.device.IrqLine;
import dev.strata.system.machine.ChipPins;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.MmioHandler;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands about 8 KiB of RAM at zero, a register behind it, and a chip with two pins. */
final class ProtocolTest {
  private final AddressSpace memory = new AddressSpace(1L << 40, 0);
  private final AddressSpace ports = new AddressSpace(0x10000, -1);
  private final VirtualClock clock = VirtualClock.stepped();
  private final List<String> accesses = new ArrayList<>();
  private final List<String> heard = new ArrayList<>();
  private final List<Boolean> second = new ArrayList<>();
  private final ChipPins pins =
      new ChipPins(true, new IrqLine[] {IrqLine.NOWHERE, second::add}, "/a/chip", "chip");
  private final Protocol protocol = protocol(clock);

  private Protocol protocol(@Nullable VirtualClock time) {
    return new Protocol(new DrivenBoard(memory, ports, time, List.of(pins), () -> {}), heard::add);
  }

  ProtocolTest() {
    memory.map(0, MemoryRegion.ram("ram", 8192, Arena.ofAuto()), 0);
    var register =
        new MmioHandler() {
          @Override
          public long read(long offset, int bytes) {
            accesses.add("read " + offset + " " + bytes);
            return 0x11223344;
          }

          @Override
          public void write(long offset, int bytes, long value) {
            accesses.add("write " + offset + " " + bytes + " " + value);
          }
        };
    memory.map(8192, MemoryRegion.mmio("register", 16, register), 0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        " inb 1",
        "inb",
        "inb  1",
        "inb x",
        "inb 0x",
        "inb 1z",
        "inb --1",
        "inb 09",
        "inb 65536",
        "inb -1",
        "inb 0x1ffffffffffffffff",
        "outb 1",
        "read 0",
        "read 0 0",
        "read 0 -1",
        "read 0 0x1000001",
        "b64read 0 0x1000001",
        "write 0 1",
        "write 0 1 00",
        "write 0 1 0xgg",
        "write 0 0 0x",
        "write 0 0x7fffffffffffffff 0x00",
        "b64write 0 4 !!!!",
        "memset 0 0x10000001 0",
        "memset 0 1",
        "clock_step x",
        "clock_step 0x7fffffffffffffff",
        "clock_set",
        "clock_set 0x7fffffffffffffff",
        "clock_set -1",
        "irq_intercept_in",
        "irq_intercept_in nothing",
        "irq_intercept_out chip",
        "set_irq_in chip unnamed-gpio-in 2 1",
        "set_irq_in chip unnamed-gpio-in -1 1",
        "set_irq_in chip named 0 1",
        "set_irq_in chip",
        "module_load a b",
        "Endianness",
      })
  void whatCannotBeMeantFails(String line) {
    String answer = protocol.answer(line);
    assertTrue(answer.startsWith("FAIL") || answer.startsWith("ERR "), answer);
    assertEquals(0, clock.nanos());
    assertEquals(List.of(), accesses);
  }

  @ParameterizedTest
  @CsvSource({
    "readq 8184, OK 0x0000000000000000",
    "read 0x1fff 2, OK 0x0044",
    "readb -1, OK 0x0000000000000000",
    "readq 0x7ffffffffffffffc, OK 0x0000000000000000",
    "inl 0xffff, OK 0xffffffff",
    "inb 7, OK 0x00ff",
    "b64read 0 3, OK AAAA",
    "endianness, OK little",
  })
  void whatIsThereIsTold(String line, String answer) {
    assertEquals(answer, protocol.answer(line));
  }

  @Test
  void registersAreReachedAlignedAndFourBytesAtMost() {
    protocol.answer("read 0x1ffd 16");
    assertEquals(List.of("read 0 4", "read 4 4", "read 8 4", "read 12 1"), accesses);
    accesses.clear();
    protocol.answer("write 0x2001 7 0x01020304050607");
    assertEquals(List.of("write 1 1 1", "write 2 2 770", "write 4 4 117835012"), accesses);
  }

  @Test
  void timersRingInOrderEachAtItsMoment() {
    var rang = new ArrayList<Long>();
    Timer late = clock.timer(() -> rang.add(clock.nanos()));
    var every = new Timer[1];
    every[0] =
        clock.timer(() -> {
          rang.add(clock.nanos());
          every[0].at(clock.nanos() + 30);
        });
    late.at(70);
    every[0].at(30);
    assertEquals("OK 30", protocol.answer("clock_step"));
    assertEquals("OK 100", protocol.answer("clock_step 70"));
    assertEquals("OK 100", protocol.answer("clock_set 50"));
    assertEquals("OK 120", protocol.answer("clock_set 120"));
    assertEquals(List.of(30L, 60L, 70L, 90L, 120L), rang);
  }

  @Test
  void aTimerThatRingsForEverEndsTheStep() {
    var again = new Timer[1];
    again[0] = clock.timer(() -> again[0].at(clock.nanos()));
    again[0].at(1);
    assertTrue(protocol.answer("clock_step 2").startsWith("FAIL clock_step: more than "));
  }

  @Test
  void aClockThatGoesByItselfIsNotStepped() {
    assertEquals("FAIL Unknown command 'clock_step'", protocol(null).answer("clock_step 1"));
  }

  @Test
  void changesOfPinsAreToldOnce() {
    IrqLine first = pins.pin(0);
    first.set(true);
    assertEquals("OK", protocol.answer("irq_intercept_in chip"));
    assertEquals("OK", protocol.answer("irq_intercept_in /a/chip"));
    assertEquals("OK", protocol.answer("set_irq_in chip unnamed-gpio-in 1 1"));
    assertEquals("OK", protocol.answer("set_irq_in chip unnamed-gpio-in 1 1"));
    assertEquals("OK", protocol.answer("set_irq_in chip unnamed-gpio-in 0 0"));
    assertEquals("OK", protocol.answer("set_irq_in chip unnamed-gpio-in 1 0"));
    assertEquals(List.of("IRQ raise 1", "IRQ lower 1"), heard);
    assertEquals(List.of(true, true, false), second);
  }
}
