// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.guest.Emulator.Ended;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Firmware in flash chips, and where drives are connected: as the reference has it. */
@Timeout(240)
final class FlashDrivesTest {
  private static final Path CODE = Path.of("/usr/share/OVMF/OVMF_CODE.fd");
  private static final Path SETTINGS = Path.of("/usr/share/OVMF/OVMF_VARS.fd");

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
        "if=ide,file=4k,serial=x",
        "if=pflash,file=4k,serial=x",
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

  @Test
  void firmwareKeepsItsSettings() throws Exception {
    if (!Boolean.getBoolean("strata.long")) {
      return;
    }
    assumeTrue(Files.exists(CODE), "Debian's ovmf");
    Path chip = Files.copy(SETTINGS, folder.resolve("settings.fd"));
    Path disk = Files.createDirectory(folder.resolve("disk"));
    String name = "setvar Strata -guid 9d2c6f8e-6b0f-4c0c-9f33-9c1d0b6e4a11";
    Files.writeString(disk.resolve("startup.nsh"), name + " -nv -bs =0x5A5B5C5D\r\nreset -s\r\n");
    Ended first = boot(chip, disk);
    assertEquals(0, first.code(), first::messages);
    Files.writeString(disk.resolve("startup.nsh"), name + "\r\nreset -s\r\n");
    Ended second = boot(chip, disk);
    assertEquals(0, second.code(), second::messages);
    assertTrue(second.output().contains("5D 5C 5B 5A"), second::output);
  }

  private Ended boot(Path chip, Path disk) throws Exception {
    return Emulator.OWN.run(
        folder,
        "",
        "-m",
        "256",
        "-serial",
        "stdio",
        "-drive",
        "if=pflash,unit=0,format=raw,readonly=on,file=" + CODE,
        "-drive",
        "if=pflash,unit=1,format=raw,file=" + chip,
        "-drive",
        "if=virtio,format=raw,file=fat:rw:" + disk);
  }
}
