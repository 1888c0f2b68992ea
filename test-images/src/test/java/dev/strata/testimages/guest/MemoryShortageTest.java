// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.guest.Emulator.Ended;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A machine that is to have more memory than the host would ever give. */
@Timeout(120)
final class MemoryShortageTest {
  private static final int WANTED_GIB = 200;

  @TempDir Path folder;

  private static long hostKibibytes(String of) throws Exception {
    var found =
        Pattern.compile(of + ": +([0-9]+) kB").matcher(Files.readString(Path.of("/proc/meminfo")));
    assumeTrue(found.find(), of);
    return Long.parseLong(found.group(1));
  }

  @Test
  void itIsToldInOneLine() throws Exception {
    assumeTrue(Emulator.areThere(), "no SeaBIOS, or no qemu-system-x86_64");
    String policy = Files.readString(Path.of("/proc/sys/vm/overcommit_memory")).strip();
    assumeTrue(!policy.equals("1"), "the host gives whatever is asked for");
    long host = hostKibibytes("MemTotal") + hostKibibytes("SwapTotal");
    assumeTrue(host < (long) WANTED_GIB << 20, "the host has as much");
    String[] options = {"-S", "-m", WANTED_GIB + "G"};
    Ended real = Emulator.REFERENCE.run(folder, "", options);
    assertEquals(
        new Ended(
            1,
            "",
            "qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory\n"),
        real);
    assertEquals(real, Emulator.OWN.run(folder, "", options));
  }
}
