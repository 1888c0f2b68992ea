// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.chardev.CharacterDevice;
import dev.strata.system.chardev.Multiplexer;
import dev.strata.system.device.vga.Picture;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A monitor that shares its line with a console. */
final class MonitorTest {
  private final List<String> asked = new ArrayList<>();
  private final StringBuilder shown = new StringBuilder();
  private final StringBuilder console = new StringBuilder();
  private @Nullable Picture screen;
  private final CharacterDevice.Receiver[] keys = new CharacterDevice.Receiver[1];

  private final class Line implements CharacterDevice {
    @Override
    public void connect(Receiver receiver) {
      keys[0] = receiver;
    }

    @Override
    public void ready() {}

    @Override
    public void write(byte value) {
      shown.append((char) value);
    }

    @Override
    public void close() {}
  }

  private final class Machine implements MonitorCommands.Subject {
    @Override
    public void quit() {
      asked.add("quit");
    }

    @Override
    public void stop() {
      asked.add("stop");
    }

    @Override
    public void resume() {
      asked.add("cont");
    }

    @Override
    public void reset() {
      asked.add("reset");
    }

    @Override
    public void powerDown() {
      asked.add("power");
    }

    @Override
    public String status() {
      return "VM status: running\n";
    }

    @Override
    public String name() {
      return "";
    }

    @Override
    public String uuid() {
      return "00000000-0000-0000-0000-000000000000\n";
    }

    @Override
    public String registers() {
      return "RAX=0\n";
    }

    @Override
    public String blockDevices() {
      return "";
    }

    @Override
    public int physicalByte(long address) {
      return (int) address & 0xff;
    }

    @Override
    public @Nullable Picture screen() {
      return screen;
    }
  }

  private final MonitorCommands commands = new MonitorCommands(new Machine());

  private void type(String text) {
    byte[] bytes = text.getBytes(US_ASCII);
    assertEquals(bytes.length, keys[0].receive(bytes, 0, bytes.length));
  }

  @Test
  void theKeysGoWhereTheyWereLed() {
    var multiplexer = new Multiplexer(new Line(), () -> asked.add("exit"));
    multiplexer
        .console()
        .connect((bytes, from, length) -> {
          console.append(new String(bytes, from, length, US_ASCII));
          return length;
        });
    HumanMonitor.open(multiplexer.monitor(), commands, true);
    type("ls\1\1");
    assertEquals("ls\1", console.toString());
    assertEquals("", shown.toString(), "the line is the console's");
    type("\1cstop\rinfo statusx\b\r");
    assertEquals(List.of("stop"), asked);
    assertTrue(shown.toString().endsWith("VM status: running\r\n(qemu) "), shown.toString());
    assertTrue(shown.toString().startsWith("QEMU 7.2.22 monitor"), shown.toString());
    type("\1cpwd");
    assertEquals("ls\1pwd", console.toString());
    type("\1h");
    assertTrue(shown.toString().contains("C-a x    exit emulator\r\n"), shown.toString());
    type("\1x");
    assertEquals(List.of("stop", "exit"), asked);
  }

  /** A guest that takes no more is offered the rest later. */
  @Test
  void whatTheConsoleDoesNotTakeIsKept() {
    var multiplexer = new Multiplexer(new Line(), () -> {});
    multiplexer
        .console()
        .connect((bytes, from, length) -> {
          if (console.length() == 2) {
            return 0;
          }
          console.append((char) bytes[from]);
          return 1;
        });
    byte[] bytes = "abc".getBytes(US_ASCII);
    assertEquals(2, keys[0].receive(bytes, 0, 3));
    console.setLength(0);
    assertEquals(1, keys[0].receive(bytes, 2, 1));
    assertEquals("c", console.toString());
  }

  @Test
  void commandsHaveShortNamesAndHelp() {
    assertEquals("", commands.run(" c "));
    assertEquals("", commands.run("system_powerdown"));
    assertEquals("", commands.run("q"));
    assertEquals(List.of("cont", "power", "quit"), asked);
    assertEquals("quit|q  -- quit the emulator\n", commands.run("help quit"));
    assertEquals("unknown command: 'frobnicate'\n", commands.run("frobnicate now"));
    assertTrue(commands.run("info").contains("info status  -- show the current VM status"));
  }

  @Test
  void memoryIsShownInAllWidths() {
    assertEquals(
        "0000000000000010: 0x13121110 0x17161514 0x1b1a1918 0x1f1e1d1c\n"
            + "0000000000000020: 0x23222120\n",
        commands.run("xp/5xw 0x10"));
    assertEquals("00000000000000ff: -1 0\n", commands.run("xp /2db 255"));
    assertEquals("0000000000000041: 'A' 'B'\n", commands.run("xp /2c 0x41"));
    assertEquals("0000000000000000: 0x0706050403020100\n", commands.run("xp/g 0"));
    assertEquals("xp: address expected\n", commands.run("xp"));
    assertEquals("invalid char 'z' in expression\n", commands.run("xp zero"));
  }
}
