// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.guest.Emulator.Ended;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code -daemonize}, by the launcher: it returns when the machine is ready, or says why not. */
@Timeout(300)
final class DaemonizeTest {
  private static final Emulator LAUNCHER =
      new Emulator(
          "launched",
          List.of(
              Path.of(System.getProperty("strata.root", ".."), "bin", "qemu-system-x86_64")
                  .toAbsolutePath()
                  .toString()));

  @TempDir Path folder;

  @BeforeAll
  static void build(@TempDir Path folder) throws Exception {
    assumeTrue(Emulator.areThere(), "no SeaBIOS, or no qemu-system-x86_64");
    Process version =
        new ProcessBuilder(LAUNCHER.program().getFirst(), "-version")
            .redirectOutput(folder.resolve("version").toFile())
            .redirectError(folder.resolve("messages").toFile())
            .start();
    assertTrue(version.waitFor(4, TimeUnit.MINUTES), "the launcher builds");
  }

  @Test
  void machineRunsOnInTheBackground() throws Exception {
    Ended ended =
        LAUNCHER.run(folder, "", "-daemonize", "-S", "-pidfile", "pid", "-chardev", "ringbuf,id=a");
    assertEquals(new Ended(0, "", ""), ended);
    long pid = Long.parseLong(Files.readString(folder.resolve("pid")).strip());
    ProcessHandle machine = ProcessHandle.of(pid).orElseThrow();
    try {
      assertTrue(machine.isAlive());
      assertEquals(Path.of("/dev/null"), Files.readSymbolicLink(Path.of("/proc/" + pid + "/fd/2")));
    } finally {
      machine.destroy(); // as INT and TERM end any machine
    }
    machine.onExit().get(60, TimeUnit.SECONDS);
    assertFalse(Files.exists(folder.resolve("pid")));
  }

  /** By names that are relative: the file of its number is removed where it has been written. */
  private List<String> place(Emulator emulator) throws Exception {
    Ended ended = emulator.run(folder, "", "-daemonize", "-S", "-pidfile", "pid");
    assertEquals(new Ended(0, "", ""), ended);
    long pid = Long.parseLong(Files.readString(folder.resolve("pid")).strip());
    ProcessHandle machine = ProcessHandle.of(pid).orElseThrow();
    var seen = new ArrayList<String>();
    try {
      seen.add(Files.readSymbolicLink(Path.of("/proc/" + pid + "/cwd")).toString());
    } finally {
      machine.destroy();
    }
    machine.onExit().get(60, TimeUnit.SECONDS);
    seen.add(Files.exists(folder.resolve("pid")) ? "file" : "no file");
    return seen;
  }

  @Test
  void machineKeepsNoFolderFromBeingUnmounted() throws Exception {
    assertEquals(List.of("/", "no file"), place(Emulator.REFERENCE));
    assertEquals(List.of("/", "no file"), place(LAUNCHER));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-drive file=nowhere,format=raw",
        "-nographic",
        "-monitor stdio",
        "-chardev stdio,id=a",
      })
  void whatCannotBeIsToldBeforeItReturns(String options) throws Exception {
    String[] words = ("-daemonize -serial null " + options).split(" ");
    Ended real = Emulator.REFERENCE.run(folder, "", words);
    assertEquals(1, real.code());
    assertEquals(real, LAUNCHER.run(folder, "", words));
  }
}
