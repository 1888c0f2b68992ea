// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A machine whose guest counts, with its monitor and its serial port. */
final class CountingGuest implements AutoCloseable {
  private static final String PROMPT = "(qemu) ";

  /**
   * Real-mode firmware: each byte that comes by the serial port is answered with the next letter,
   * which is counted in a register, and in memory as often as in that, or else the answer is '!'. A
   * page of memory is written to all the time.
   */
  private static final int[] COUNTS = {
    0xfa, // cli
    0x31, 0xc0, // xor ax, ax
    0x8e, 0xd8, // mov ds, ax
    0xb3, 0x60, // mov bl, 'a' - 1
    0x88, 0x1e, 0x00, 0x05, // mov [500h], bl
    0xff, 0x06, 0x00, 0x06, // wait: inc word [600h]: no page's content is ever the last
    0xba, 0xfd, 0x03, // mov dx, 3FDh: the line's status
    0xec, // in al, dx
    0xa8, 0x01, // test al, 1
    0x74, 0xf4, // jz wait
    0xba, 0xf8, 0x03, // mov dx, 3F8h: the data
    0xec, // in al, dx
    0xfe, 0xc3, // inc bl
    0xfe, 0x06, 0x00, 0x05, // inc byte [500h]
    0x88, 0xd8, // mov al, bl
    0x3a, 0x06, 0x00, 0x05, // cmp al, [500h]
    0x74, 0x02, // je say
    0xb0, 0x21, // mov al, '!'
    0xee, // say: out dx, al
    0xeb, 0xdd, // jmp wait
  };

  private static final int[] BEGINS = {0xe9, 0x0d, 0xe0}; // jmp E000h

  private final Path folder;
  private final String name;
  private final Process process;
  private final SocketChannel monitor;
  private final SocketChannel serial;

  CountingGuest(Emulator emulator, Path folder, Path image, String... more) throws Exception {
    this(emulator, folder, "", image, more);
  }

  /**
   * A machine that is there.
   *
   * @param name what its sockets' names begin with
   */
  CountingGuest(Emulator emulator, Path folder, String name, Path image, String... more)
      throws Exception {
    this.folder = folder;
    this.name = name;
    var words = new ArrayList<>(emulator.program());
    for (String each : List.of("monitor", "serial")) {
      Files.deleteIfExists(folder.resolve(name + each));
    }
    words.addAll(
        List.of("-M", "pc", "-m", "64", "-vga", "none", "-net", "none", "-display", "none"));
    words.addAll(List.of("-bios", folder.resolve("bios").toString(), "-accel", "tcg"));
    words.addAll(List.of("-drive", "if=virtio,format=qcow2,file=" + image));
    words.addAll(List.of("-serial", "unix:" + folder + "/" + name + "serial,server=on,wait=off"));
    words.addAll(List.of("-monitor", "unix:" + folder + "/" + name + "monitor,server=on,wait=off"));
    words.addAll(List.of(more));
    process =
        new ProcessBuilder(words)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(name + "messages").toFile())
            .start();
    serial = connect("serial");
    monitor = connect("monitor");
    until(monitor, PROMPT);
    say("info status"); // it has begun with what it is to
  }

  private SocketChannel connect(String which) throws Exception {
    for (int attempt = 0; attempt < 3000 && process.isAlive(); attempt++) {
      try {
        return SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve(name + which)));
      } catch (IOException _) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
    throw new AssertionError(Files.readString(folder.resolve(name + "messages")));
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

  /** Makes the firmware. */
  static void prepare(Path folder) throws IOException {
    var bytes = new byte[65536];
    for (int at = 0; at < COUNTS.length; at++) {
      bytes[0xe000 + at] = (byte) COUNTS[at];
    }
    for (int at = 0; at < BEGINS.length; at++) {
      bytes[0xfff0 + at] = (byte) BEGINS[at];
    }
    Files.write(folder.resolve("bios"), bytes);
  }

  /** What it has complained of. */
  String messages() throws IOException {
    return Files.readString(folder.resolve(name + "messages"));
  }

  /** Waits until it ends by itself: its exit code. */
  int awaitEnd() throws InterruptedException {
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it does not end");
    return process.exitValue();
  }

  /** Waits until an answer has something. */
  void await(String command, String expected) throws Exception {
    String said = "";
    for (int attempt = 0; attempt < 600; attempt++) {
      said = say(command);
      if (said.contains(expected)) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    throw new AssertionError(said);
  }
}
