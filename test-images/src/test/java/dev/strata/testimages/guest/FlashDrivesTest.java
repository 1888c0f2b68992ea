// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.guest.Emulator.Ended;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where drives are connected, flash chips among them: as the reference has it. */
@Timeout(240)
final class FlashDrivesTest {
  @TempDir Path folder;

  @BeforeEach
  void images() throws Exception {
    for (int kib : List.of(4, 128, 1024, 9216)) {
      try (var file = new RandomAccessFile(folder.resolve(kib + "k").toFile(), "rw")) {
        file.setLength(kib * 1024L);
      }
    }
  }

  private static String drive(String words) {
    return "-drive format=raw," + words;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "if=pflash,file=1024k,unit=1",
        "if=pflash,file=1024k,unit=2",
        "if=pflash,file=9216k",
        "if=pflash,file=1024k if=pflash,file=4k,index=0",
        "if=pflash,file=1024k,werror=stop",
        "if=ide,bus=1,unit=1,file=4k if=ide,index=3,file=128k",
        "if=ide,bus=1,unit=2,file=4k",
        "if=ide,bus=2,file=4k",
        "if=ide,bus=1,file=4k if=ide,bus=1,file=128k if=ide,bus=1,file=1024k",
        "if=ide,index=1,unit=1,file=4k",
        "if=ide,file=4k if=ide,index=0,file=128k",
        "if=none,file=4k if=none,bus=1,file=128k",
        "if=floppy,unit=2,file=4k",
        "if=virtio",
        "if=virtio,file=fat:."
      })
  void refusesDrivesAsTheReferenceDoes(String drives) throws Exception {
    assumeTrue(Emulator.areThere());
    String line = "-nodefaults -monitor stdio";
    for (String drive : drives.split(" ")) {
      line += " " + drive(drive);
    }
    Ended real = Emulator.REFERENCE.run(folder, "quit\n", line.split(" "));
    Ended own = Emulator.OWN.run(folder, "quit\n", line.split(" "));
    assertEquals(1, real.code());
    assertEquals(1, own.code());
    assertEquals(real.messages(), own.messages());
  }
}
