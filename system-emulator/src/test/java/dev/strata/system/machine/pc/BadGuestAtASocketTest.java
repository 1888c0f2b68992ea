// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.monitor.commandline.Terminal;
import dev.strata.system.QemuSystem;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A whole machine that is driven through a socket, well and badly, until it powers off. */
@Timeout(120)
final class BadGuestAtASocketTest {
  private static final int PROGRAMS = 12;

  // These may power the machine off.
  private static final Set<BadPrograms> LAST = EnumSet.of(BadPrograms.TIMERS, BadPrograms.PCI);

  @TempDir Path folder;
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  private CompletableFuture<Integer> ended;
  private SocketChannel channel;
  private BufferedReader in;

  @BeforeEach
  void begin() throws Exception {
    Path socket = folder.resolve("q");
    Path disk = Files.write(folder.resolve("disk"), new byte[1 << 20]);
    Path bios = Files.write(folder.resolve("bios"), new byte[65536]);
    var words =
        List.of(
            "-M",
            "pc,accel=qtest",
            "-m",
            "4",
            "-nodefaults",
            "-display",
            "none",
            "-vga",
            "none",
            "-bios",
            bios.toString(),
            "-qtest",
            "unix:" + socket + ",server=on,wait=off",
            "-qtest-log",
            folder.resolve("log").toString(),
            "-drive",
            "if=virtio,format=raw,file=" + disk,
            "-device",
            "virtio-balloon-pci",
            "-device",
            "virtio-rng-pci",
            "-device",
            "virtio-rng-pci",
            "-device",
            "virtio-serial-pci",
            "-device",
            "virtio-rng-pci");
    var nowhere = new PrintStream(errors, true, StandardCharsets.UTF_8);
    var terminal = new Terminal("qemu-system-x86_64", nowhere, nowhere);
    ended =
        CompletableFuture.supplyAsync(
            () -> QemuSystem.run(words, terminal), task -> Thread.ofPlatform().start(task));
    channel = connect(socket);
    in = new BufferedReader(Channels.newReader(channel, StandardCharsets.ISO_8859_1));
  }

  private SocketChannel connect(Path socket) throws Exception {
    while (true) {
      try {
        if (Files.exists(socket)) {
          return SocketChannel.open(UnixDomainSocketAddress.of(socket));
        }
      } catch (ConnectException _) {
        // The file is there a moment before somebody listens.
      }
      assertFalse(ended.isDone(), errors::toString);
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  @AfterEach
  void close() throws IOException {
    channel.close();
  }

  private String ask(String line) {
    try {
      channel.write(ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.ISO_8859_1)));
      String answer = in.readLine();
      while (answer != null && answer.startsWith("IRQ ")) {
        answer = in.readLine();
      }
      assertNotNull(answer, "the machine says no more");
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void resetAndSeeThatItWorks() {
    assertEquals("OK", ask("outb 0xcf9 2"));
    assertEquals("OK", ask("outb 0xcf9 6"));
    assertEquals("OK", ask("outl 0xcf8 0x80000000"));
    assertEquals("OK 0x12378086", ask("inl 0xcfc"));
    assertEquals("OK", ask("write 0x30000 16 0x0000000a000000040000000000200000"));
    assertEquals("OK", ask("outl 0x514 0"));
    assertEquals("OK", ask("outl 0x518 0x00000300"));
    assertEquals("OK 0x51454d55", ask("read 0x200000 4"));
  }

  @Test
  void theMachineOutlivesItsDriver() throws Exception {
    assertEquals("OK", ask("irq_intercept_in ioapic"));
    var guest = new DrivenGuest(this::ask);
    for (BadPrograms device : EnumSet.complementOf(EnumSet.copyOf(LAST))) {
      for (int seed = 0; device != BadPrograms.DISPLAY && seed < PROGRAMS; seed++) {
        guest.begin();
        device.run(guest, new Random(seed));
        resetAndSeeThatItWorks();
      }
    }
    assertEquals("OK", ask("outl 0xcf8 0x80000b40"));
    assertEquals("OK", ask("outl 0xcfc 0x600"));
    assertEquals("OK", ask("outl 0xcf8 0x80000b80"));
    assertEquals("OK", ask("outb 0xcfc 1"));
    assertEquals("OK", ask("outw 0x604 0x2000"));
    assertEquals(0, ended.get(30, TimeUnit.SECONDS), errors::toString);
    List<String> log = Files.readAllLines(folder.resolve("log"), StandardCharsets.ISO_8859_1);
    assertEquals("[I 0.000000] OPENED", log.getFirst());
    assertTrue(log.stream().anyMatch(line -> line.matches("\\[R \\+\\d+\\.\\d{6}] outb 0xcf9 6")));
  }
}
