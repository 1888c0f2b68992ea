// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.dmg;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.image.DiskImage;
import dev.strata.block.image.ImageFile;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Chunks in bzip2 and LZFSE. The LZFSE streams were written by Apple's reference encoder: {@code
 * lines.bvx2} as it is, {@code lines.bvx1} with its header written out, {@code start.bvxn} of fewer
 * bytes, for which the encoder takes LZVN.
 */
final class DmgChunksTest {
  private static final int SIZE = 32768;

  @TempDir private Path folder;

  /** What the LZFSE streams hold. */
  private static byte[] lines() {
    var text = new StringBuilder();
    for (long i = 0; text.length() < SIZE; i++) {
      text.append("line ").append(i).append(" of the disk, ");
      text.append(i * i * 7919 % 1000003).append('\n');
    }
    return text.substring(0, SIZE).getBytes(US_ASCII);
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = DmgChunksTest.class.getResourceAsStream("/dmg/" + name)) {
      return in == null ? new byte[0] : in.readAllBytes();
    }
  }

  private static byte[] bzip2(byte[] bytes) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var stream = new BZip2CompressorOutputStream(out)) {
      stream.write(bytes);
    }
    return out.toByteArray();
  }

  private Path image(DmgBytes dmg) throws IOException {
    return Files.write(folder.resolve("disk.dmg"), dmg.bytes());
  }

  private static byte[] read(Path image) throws BlockException {
    try (DiskImage disk = ImageFile.of(image.toString()).format("dmg").open()) {
      byte[] bytes = new byte[Math.toIntExact(disk.length())];
      disk.read(0, ByteBuffer.wrap(bytes));
      return bytes;
    }
  }

  private static byte[] output(Path folder, String... command)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    process.getOutputStream().close();
    byte[] output = process.getInputStream().readAllBytes();
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue(), List.of(command).toString());
    return output;
  }

  @ParameterizedTest
  @ValueSource(strings = {"lines.bvx2", "lines.bvx1"})
  void entropyCodedBlocksReadAsWhatWasPacked(String name) throws IOException {
    Path image = image(new DmgBytes().chunk(DmgBytes.LZFSE, SIZE, resource(name)));
    assertArrayEquals(lines(), read(image));
  }

  @Test
  void aBlockOfLzvnReadsAsWhatWasPacked() throws IOException {
    Path image = image(new DmgBytes().chunk(DmgBytes.LZFSE, 3584, resource("start.bvxn")));
    // 4000 bytes were packed, of which the chunk has seven sectors: a block is read whole or not.
    assertThrows(BlockException.class, () -> read(image));
    ByteBuffer rest = ByteBuffer.allocate(8 + 96);
    rest.order(java.nio.ByteOrder.LITTLE_ENDIAN).put("bvx-".getBytes(US_ASCII)).putInt(96);
    rest.put(lines(), 4000, 96);
    byte[] packed = resource("start.bvxn");
    var both = new ByteArrayOutputStream();
    both.write(packed, 0, packed.length - 4); // without the word that ends it
    both.writeBytes(rest.array());
    Path whole = image(new DmgBytes().chunk(DmgBytes.LZFSE, 4096, both.toByteArray()));
    assertArrayEquals(Arrays.copyOf(lines(), 4096), read(whole));
  }

  @Test
  void aChunkOfBzip2ReadsAsWhatWasPacked() throws IOException {
    byte[] lines = lines();
    Path image =
        image(
            new DmgBytes()
                .chunk(DmgBytes.BZIP2, SIZE, bzip2(lines))
                .chunk(DmgBytes.BZIP2, SIZE, bzip2(new byte[SIZE])));
    assertArrayEquals(Arrays.copyOf(lines, 2 * SIZE), read(image));
  }

  @Test
  void sevenZipReadsTheSame() throws IOException, InterruptedException {
    assumeTrue(new File("/usr/bin/7zz").canExecute(), "no /usr/bin/7zz");
    Path image =
        image(
            new DmgBytes()
                .chunk(DmgBytes.LZFSE, SIZE, resource("lines.bvx2"))
                .chunk(DmgBytes.BZIP2, SIZE, bzip2(lines())));
    assertArrayEquals(
        output(folder, "/usr/bin/7zz", "x", "-so", "-tdmg", image.toString()), read(image));
  }

  @Test
  void dmg2imgReadsTheSame() throws IOException, InterruptedException {
    assumeTrue(new File("/usr/bin/dmg2img").canExecute(), "no /usr/bin/dmg2img");
    Path image = image(new DmgBytes().chunk(DmgBytes.BZIP2, SIZE, bzip2(lines())));
    output(folder, "/usr/bin/dmg2img", "-s", image.toString(), "disk.raw");
    assertArrayEquals(Files.readAllBytes(folder.resolve("disk.raw")), read(image));
  }

  @ParameterizedTest
  @ValueSource(strings = {"lines.bvx2", "lines.bvx1", "start.bvxn", "bzip2"})
  void aDamagedChunkIsAnErrorOrOtherBytes(String name) throws IOException {
    byte[] sound = name.equals("bzip2") ? bzip2(lines()) : resource(name);
    int size = name.equals("start.bvxn") ? 3584 : SIZE;
    var random = new Random(1);
    int errors = 0;
    for (int i = 0; i < 300; i++) {
      byte[] damaged =
          random.nextInt(4) == 0
              ? Arrays.copyOf(sound, random.nextInt(sound.length))
              : sound.clone();
      for (int k = random.nextInt(4); k >= 0 && damaged.length > 0; k--) {
        int within = random.nextBoolean() ? Math.min(damaged.length, 800) : damaged.length;
        damaged[random.nextInt(within)] = (byte) random.nextInt();
      }
      Path image =
          image(
              new DmgBytes()
                  .chunk(name.equals("bzip2") ? DmgBytes.BZIP2 : DmgBytes.LZFSE, size, damaged));
      try {
        read(image);
      } catch (BlockException e) {
        assertEquals(Errno.EIO, e.errno(), e.getMessage());
        errors++;
      }
    }
    assertTrue(errors > 100, errors + " of 300");
  }
}
