// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.image.DiskImage;
import dev.strata.block.image.ImageFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files in archives that say more about them than where they are. */
@Timeout(120)
final class ArchiveMembersTest extends PackedDisk {
  private BlockException refused(String prefix, String name) {
    return assertThrows(BlockException.class, () -> open(prefix, name).close());
  }

  @ParameterizedTest
  @ValueSource(strings = {"-0", "-6", "-fz"})
  void theDiskInAZipReadsAsItWas(String option) throws IOException, InterruptedException {
    Files.writeString(folder.resolve("readme.txt"), "hello");
    run("zip", "-q", option, "a.zip", "disk.raw", "readme.txt");
    assertReads("zip", "a.zip");
    assertReads("zip", "a.zip!disk.raw");
    assertReads("archive", "a.zip");
    assertTrue(refused("zip", "a.zip!no").getMessage().contains("The zip holds no 'no'"));
  }

  @Test
  void severalDisksInAZipHaveToBeNamed() throws IOException, InterruptedException {
    Files.write(folder.resolve("other.img"), new byte[512]);
    run("zip", "-q", "a.zip", "disk.raw", "other.img");
    assertTrue(refused("zip", "a.zip").getMessage().contains("several disks"));
    assertReads("zip", "a.zip!disk.raw");
  }

  @Test
  void aZipsOtherMethodsAndEncryptionAreRefused() throws IOException, InterruptedException {
    run("zip", "-q", "-Z", "bzip2", "b.zip", "disk.raw");
    assertTrue(refused("zip", "b.zip").getMessage().contains("only stored and deflated"));
    run("zip", "-q", "-P", "secret", "e.zip", "disk.raw");
    assertTrue(refused("zip", "e.zip").getMessage().contains("is encrypted in the zip"));
  }

  @Test
  void aDamagedZipIsAnErrorOrOtherBytes() throws IOException, InterruptedException {
    Files.write(folder.resolve("small.raw"), Arrays.copyOf(disk, SMALL));
    run("zip", "-q", "a.zip", "small.raw");
    byte[] sound = Files.readAllBytes(folder.resolve("a.zip"));
    var random = new Random(2);
    int errors = 0;
    for (int i = 0; i < 60; i++) {
      byte[] damaged = sound.clone();
      for (int k = 0; k < 4; k++) {
        int from = k == 0 ? 0 : sound.length - 200;
        damaged[from + random.nextInt(k == 0 ? 64 : 200)] = (byte) random.nextInt();
      }
      Files.write(folder.resolve("a.zip"), damaged);
      try (DiskImage image = open("zip", "a.zip")) {
        read(image, 0, (int) Math.min(image.length(), SIZE));
      } catch (BlockException e) {
        errors++; // anything else fails this test
      }
    }
    assertTrue(errors > 20, errors + " of 60");
  }

  private void appliance(String line) throws IOException, InterruptedException {
    Files.writeString(folder.resolve("machine.ovf"), "<Envelope/>");
    Files.writeString(folder.resolve("machine.mf"), line);
    run("tar", "-cf", "machine.ova", "machine.ovf", "machine.mf", "disk.raw");
  }

  @ParameterizedTest
  @CsvSource({"SHA1, sha1sum", "SHA256, sha256sum", "SHA512, sha512sum"})
  void anAppliancesDiskIsWhatItsManifestSays(String algorithm, String program)
      throws IOException, InterruptedException {
    run("sh", "-c", program + " disk.raw > sum");
    String sum = Files.readString(folder.resolve("sum")).split(" ")[0];
    appliance("SHA1(machine.ovf)= 00\n" + algorithm + "(disk.raw)= " + sum + "\n");
    assertReads("tar", "machine.ova");
    char wrong = sum.charAt(0) == '0' ? '1' : '0';
    appliance(algorithm + "(disk.raw)= " + wrong + sum.substring(1) + "\n");
    String message = refused("tar", "machine.ova").getMessage();
    assertTrue(
        message.contains("'disk.raw' is not as the archive's manifest says: its " + algorithm),
        message);
    try (DiskImage image =
        ImageFile.of(
                "json:{\"driver\": \"archive\", \"verify\": false, \"file.driver\": \"file\","
                    + " \"file.filename\": \""
                    + folder.resolve("machine.ova")
                    + "\"}")
            .open()) {
      assertArrayEquals(disk, read(image, 0, SIZE));
    }
  }

  @Test
  void aManifestsUnknownDigestIsRefused() throws IOException, InterruptedException {
    appliance("CRC32(disk.raw)= 00\n");
    assertTrue(refused("tar", "machine.ova").getMessage().contains("not supported: CRC32"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--format=gnu",
        "--format=posix",
        "--sparse-version=0.0",
        "--sparse-version=0.1",
        "--sparse-version=1.0"
      })
  void aSparseFileInATarReadsAsItWas(String option) throws IOException, InterruptedException {
    long size = (1L << 33) + 512; // more than octal digits hold
    try (var file = new RandomAccessFile(folder.resolve("sparse.img").toFile(), "rw")) {
      file.setLength(size);
      for (int i = 0; i < 40; i++) { // more runs than fit into one header
        file.seek(i * 200_000_000L + 4096);
        file.write(disk, i * 5000, 5000);
      }
    }
    String format = option.startsWith("--sparse") ? "--format=posix" : option;
    run("tar", format, option, "-S", "-cf", "s.tar", "sparse.img");
    try (DiskImage image = open("tar", "s.tar")) {
      assertEquals(size, image.length());
      for (int i = 0; i < 40; i++) {
        byte[] around = read(image, i * 200_000_000L, 16384);
        byte[] expected = new byte[16384];
        System.arraycopy(disk, i * 5000, expected, 4096, 5000);
        assertArrayEquals(expected, around, "run " + i);
      }
      assertArrayEquals(new byte[512], read(image, size - 512, 512));
    }
  }

  private byte[] compress(byte[] bytes) throws IOException, InterruptedException {
    Files.write(folder.resolve("part"), bytes);
    run("zstd", "-q", "-f", "part");
    return Files.readAllBytes(folder.resolve("part.zst"));
  }

  /** The disk in independent frames, and the table of the seekable format if that is wanted. */
  private void frames(String name, boolean table) throws IOException, InterruptedException {
    var all = new ByteArrayOutputStream();
    int piece = SIZE / 12;
    ByteBuffer entries = ByteBuffer.allocate(8 * 12).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < SIZE; at += piece) {
      byte[] frame = compress(Arrays.copyOfRange(disk, at, at + piece));
      all.write(frame);
      entries.putInt(frame.length).putInt(piece);
    }
    if (table) {
      ByteBuffer whole = ByteBuffer.allocate(8 + 8 * 12 + 9).order(ByteOrder.LITTLE_ENDIAN);
      whole.putInt(0x184d2a5e).putInt(8 * 12 + 9).put(entries.flip());
      whole.putInt(12).put((byte) 0).putInt(0x8f92eab1);
      all.write(whole.array());
    }
    Files.write(folder.resolve(name), all.toByteArray());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theFramesOfAZstdFileAreReadInAnyOrder(boolean table)
      throws IOException, InterruptedException {
    frames("f.zst", table);
    try (DiskImage image = open("archive", "f.zst")) {
      assertEquals(SIZE, image.length());
      for (int at = SIZE - 65536; at >= 0; at -= 65536) {
        assertArrayEquals(Arrays.copyOfRange(disk, at, at + 65536), read(image, at, 65536));
      }
    }
    assertReads("archive", "f.zst");
  }

  /** Only the frame that is asked for is unpacked: the damage of another one stays unseen. */
  @Test
  void whatLiesInOtherFramesIsNotUnpacked() throws IOException, InterruptedException {
    frames("f.zst", true);
    byte[] bytes = Files.readAllBytes(folder.resolve("f.zst"));
    Arrays.fill(bytes, 0, 64, (byte) 0xff);
    bytes[0] = 0x28;
    bytes[1] = (byte) 0xb5;
    bytes[2] = 0x2f;
    bytes[3] = (byte) 0xfd;
    Files.write(folder.resolve("f.zst"), bytes);
    String raw =
        "json:{\"driver\": \"raw\", \"file\": {\"driver\": \"archive\", \"file\":"
            + " {\"driver\": \"file\", \"filename\": \""
            + folder.resolve("f.zst")
            + "\"}}}";
    int far = SIZE / 6 * 5; // so far that nothing before is unpacked in passing
    try (DiskImage image = ImageFile.of(raw).open()) {
      assertArrayEquals(Arrays.copyOfRange(disk, far, far + 4096), read(image, far, 4096));
      assertThrows(BlockException.class, () -> read(image, 0, 512));
    }
  }

  @Test
  void aZstdFileWhoseFramesDoNotTellTheirLengthIsMeasured()
      throws IOException, InterruptedException {
    run("sh", "-c", "zstd -q < disk.raw > s.zst");
    assertReads("archive", "s.zst");
  }

  /** 96 GiB of zeroes in three megabytes: blocks that say how often one byte comes. */
  @Test
  void whatHoldsThousandsOfTimesItsSizeIsNotUnpackedForever() throws IOException {
    int blocks = 786_432;
    ByteBuffer frame = ByteBuffer.allocate(6 + 4 * blocks).order(ByteOrder.LITTLE_ENDIAN);
    frame.putInt(0xfd2fb528).put((byte) 0).put((byte) 0x38); // a window of 128 KiB, no length
    for (int i = 0; i < blocks; i++) {
      int block = (128 << 10) << 3 | 1 << 1 | (i == blocks - 1 ? 1 : 0);
      frame.put((byte) block).put((byte) (block >> 8)).put((byte) (block >> 16)).put((byte) 0);
    }
    Files.write(folder.resolve("bomb.zst"), frame.array());
    assertTrue(refused("archive", "bomb.zst").getMessage().contains("4096 times its size"));
  }
}
