// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A guest that is saved, goes on, and is where it was when it is loaded. */
final class SavedGuestTest {
  private static final String PROMPT = "(qemu) ";

  /**
   * Real-mode firmware: each byte that comes by the serial port is answered with the next letter,
   * which is counted in a register, and in memory as often as in that, or else the answer is '!'.
   */
  private static final int[] COUNTS = {
    0xfa, // cli
    0x31, 0xc0, // xor ax, ax
    0x8e, 0xd8, // mov ds, ax
    0xb3, 0x60, // mov bl, 'a' - 1
    0x88, 0x1e, 0x00, 0x05, // mov [500h], bl
    0xba, 0xfd, 0x03, // wait: mov dx, 3FDh: the line's status
    0xec, // in al, dx
    0xa8, 0x01, // test al, 1
    0x74, 0xf8, // jz wait
    0xba, 0xf8, 0x03, // mov dx, 3F8h: the data
    0xec, // in al, dx
    0xfe, 0xc3, // inc bl
    0xfe, 0x06, 0x00, 0x05, // inc byte [500h]
    0x88, 0xd8, // mov al, bl
    0x3a, 0x06, 0x00, 0x05, // cmp al, [500h]
    0x74, 0x02, // je say
    0xb0, 0x21, // mov al, '!'
    0xee, // say: out dx, al
    0xeb, 0xe1, // jmp wait
  };

  private static final int[] BEGINS = {0xe9, 0x0d, 0xe0}; // jmp E000h

  @TempDir Path folder;

  @BeforeEach
  void prepare() throws Exception {
    Commands.assumeInstalled("qemu-img");
    assumeTrue(Emulator.areThere(), "no qemu-system-x86_64");
    var bytes = new byte[65536];
    for (int at = 0; at < COUNTS.length; at++) {
      bytes[0xe000 + at] = (byte) COUNTS[at];
    }
    for (int at = 0; at < BEGINS.length; at++) {
      bytes[0xfff0 + at] = (byte) BEGINS[at];
    }
    Files.write(folder.resolve("bios"), bytes);
    new Commands(folder).succeed("qemu-img", "create", "-q", "-f", "qcow2", image(), "4M");
  }

  private String image() {
    return folder.resolve("disk.qcow2").toString();
  }

  /** A machine with its monitor and its serial port. */
  private final class Running implements AutoCloseable {
    private final Process process;
    private final SocketChannel monitor;
    private final SocketChannel serial;

    Running(Emulator emulator, String... more) throws Exception {
      var words = new ArrayList<>(emulator.program());
      for (String name : List.of("monitor", "serial")) {
        Files.deleteIfExists(folder.resolve(name));
      }
      words.addAll(
          List.of("-M", "pc", "-m", "64", "-vga", "none", "-net", "none", "-display", "none"));
      words.addAll(List.of("-bios", folder.resolve("bios").toString(), "-accel", "tcg"));
      words.addAll(List.of("-drive", "if=virtio,format=qcow2,file=" + image()));
      words.addAll(List.of("-serial", "unix:" + folder + "/serial,server=on,wait=off"));
      words.addAll(List.of("-monitor", "unix:" + folder + "/monitor,server=on,wait=off"));
      words.addAll(List.of(more));
      process =
          new ProcessBuilder(words)
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("messages").toFile())
              .start();
      serial = connect("serial");
      monitor = connect("monitor");
      until(monitor, PROMPT);
      assertTrue(say("info status").contains("running")); // and has begun with what it is to
    }

    private SocketChannel connect(String name) throws Exception {
      for (int attempt = 0; attempt < 3000 && process.isAlive(); attempt++) {
        try {
          return SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve(name)));
        } catch (IOException _) {
          TimeUnit.MILLISECONDS.sleep(20);
        }
      }
      throw new AssertionError(Files.readString(folder.resolve("messages")));
    }

    private String until(SocketChannel channel, String end) throws IOException {
      var text = new StringBuilder();
      var one = ByteBuffer.allocate(1);
      while (!text.toString().endsWith(end)) {
        assertTrue(channel.read(one.clear()) == 1, "it ended after " + text);
        text.append((char) one.get(0));
      }
      return text.toString();
    }

    /** A command's answer, in lines. */
    String say(String command) throws IOException {
      monitor.write(ByteBuffer.wrap((command + "\n").getBytes(US_ASCII)));
      String all = until(monitor, "\r\n" + PROMPT).replace("\r\n", "\n");
      return all.substring(all.indexOf('\n') + 1, all.length() - PROMPT.length());
    }

    /** What the guest says to so many bytes. */
    String count(int bytes) throws IOException {
      var said = new StringBuilder();
      for (int index = 0; index < bytes; index++) {
        serial.write(ByteBuffer.wrap(new byte[] {'x'}));
        var one = ByteBuffer.allocate(1);
        assertEquals(1, serial.read(one));
        said.append((char) one.get(0));
      }
      return said.toString();
    }

    /** Whether nobody answers. */
    boolean isSilent() throws IOException {
      return say("info status").contains("paused");
    }

    @Override
    public void close() throws IOException {
      monitor.close();
      serial.close();
      process.destroy();
      process.onExit().orTimeout(60, TimeUnit.SECONDS).join();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"own", "real"})
  void itGoesOnFromWhereItWasSaved(String program) throws Exception {
    Emulator emulator = program.equals("own") ? Emulator.OWN : Emulator.REFERENCE;
    try (var guest = new Running(emulator)) {
      assertEquals("abc", guest.count(3));
      assertEquals("", guest.say("savevm early"));
      assertEquals("de", guest.count(2));
      assertEquals("", guest.say("savevm late"));
      assertEquals("fgh", guest.count(3));
      assertEquals("", guest.say("loadvm early"));
      assertEquals("d", guest.count(1));
      assertEquals("", guest.say("loadvm late"));
      assertEquals("f", guest.count(1));
      assertEquals(
          "Error: Snapshot 'none' does not exist in one or more devices\n",
          guest.say("loadvm none"));
      assertTrue(guest.isSilent());
    }
    try (var guest = new Running(emulator, "-loadvm", "early")) {
      assertEquals("defg", guest.count(4));
      assertEquals("", guest.say("delvm early"));
    }
    String listed = new Commands(folder).succeed("qemu-img", "snapshot", "-l", image());
    assertTrue(listed.contains("late") && !listed.contains("early"), listed);
  }

  @Test
  void whatIsBrokenIsRefusedAndTheMachineIsAsAfterPowerOn() throws Exception {
    try (var guest = new Running(Emulator.OWN)) {
      assertEquals("ab", guest.count(2));
      assertEquals("", guest.say("savevm t"));
    }
    breakState();
    try (var guest = new Running(Emulator.OWN)) {
      assertEquals("abcd", guest.count(4));
      String answer = guest.say("loadvm t");
      assertTrue(
          answer.startsWith("Error: Error -22 while loading VM state: saved state of"), answer);
      assertEquals(1, answer.lines().count());
      assertTrue(guest.isSilent());
      assertEquals("", guest.say("cont"));
      assertEquals("a", guest.count(1));
    }
  }

  /** Flips a bit of the processor's section, wherever in the image that is. */
  private void breakState() throws IOException {
    byte[] all = Files.readAllBytes(Path.of(image()));
    String text = new String(all, ISO_8859_1);
    int at = text.indexOf("\u0003cpu\0\0\0\u0001");
    assertTrue(at > 0);
    try (var file = new RandomAccessFile(image(), "rw")) {
      file.seek(at + 40);
      file.write(all[at + 40] ^ 1);
    }
  }

  @Test
  void aMachineOfAnotherKindDoesNotTakeIt() throws Exception {
    try (var guest = new Running(Emulator.OWN)) {
      assertEquals("", guest.say("savevm t"));
    }
    var ended =
        Emulator.OWN.run(
            folder,
            "",
            "-M",
            "none",
            "-drive",
            "if=none,format=qcow2,file=" + image(),
            "-loadvm",
            "t");
    assertEquals(1, ended.code());
    assertEquals(
        "qemu-system-x86_64: Error -22 while loading VM state: saved state of 'machine': "
            + "machine type is pc in the saved state and none here\n",
        ended.messages());
  }

  @Test
  void aMachineThatIsYetToBeDescribedBeginsWithNoSnapshot() throws Exception {
    String[] words = {"-M", "none", "-nodefaults", "-loadvm", "t", "-preconfig"};
    Emulator.Ended real = Emulator.REFERENCE.run(folder, "", words);
    Emulator.Ended own = Emulator.OWN.run(folder, "", words);
    assertEquals(1, own.code());
    assertEquals(real.messages(), own.messages());
  }
}
