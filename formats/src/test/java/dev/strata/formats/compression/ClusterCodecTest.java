// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.compression;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterCodecTest {
  private static final int CLUSTER = 65536;
  private static final byte[] GREETING =
      "hello hello hello hello hello hello, cluster\n".getBytes(StandardCharsets.UTF_8);
  // ZSTD_compress(…, 3) of libzstd 1.5.4
  private static final byte[] LIBZSTD_GREETING =
      HexFormat.of().parseHex("28b52ffd202db500008068656c6c6f202c20636c75737465720a0100b94b11");

  static Stream<ClusterCodec> codecs() {
    // What is large is packed by the host's library, if it has one.
    return Stream.of(
        ClusterCodec.deflate(0),
        ClusterCodec.deflate(1L << 40),
        ClusterCodec.zlib(1L << 40),
        ClusterCodec.zstd());
  }

  /** Words at random, so that matches reach as far back as the cluster does. */
  private static byte[] text(int seed) {
    Random random = new Random(seed);
    byte[][] words = new byte[500][];
    for (int i = 0; i < words.length; i++) {
      words[i] = new byte[1 + random.nextInt(60)];
      random.nextBytes(words[i]);
    }
    var out = new ByteArrayOutputStream();
    while (out.size() < CLUSTER) {
      out.writeBytes(words[random.nextInt(words.length)]);
    }
    return Arrays.copyOf(out.toByteArray(), CLUSTER);
  }

  private static byte[] noise(int seed) {
    byte[] bytes = new byte[CLUSTER];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void whatIsCompressedReadsTheSameOnAndOffTheHeap(ClusterCodec codec) throws Exception {
    try (codec;
        Arena arena = Arena.ofConfined()) {
      for (int seed = 0; seed < 20; seed++) {
        byte[] plain = text(seed);
        MemorySegment nativeOut = arena.allocate(CLUSTER);
        int length = codec.compress(MemorySegment.ofArray(plain), nativeOut);
        assertTrue(length > 0 && length < CLUSTER, () -> "compressed to " + length);
        // The stored bytes are padded to sectors with whatever follows in the file.
        MemorySegment padded = MemorySegment.ofArray(noise(seed)).asSlice(0, length + 700L);
        MemorySegment.copy(nativeOut, 0, padded, 0, length);
        byte[] back = new byte[CLUSTER];
        codec.decompress(padded, MemorySegment.ofArray(back));
        assertArrayEquals(plain, back);
        MemorySegment nativeBack = arena.allocate(CLUSTER);
        codec.decompress(nativeOut.asSlice(0, length), nativeBack);
        assertArrayEquals(plain, nativeBack.toArray(ValueLayout.JAVA_BYTE));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void whatDoesNotFitIsSaidToBeSo(ClusterCodec codec) throws Exception {
    try (codec) {
      MemorySegment out = MemorySegment.ofArray(new byte[CLUSTER - 1]);
      assertEquals(-1, codec.compress(MemorySegment.ofArray(noise(1)), out));
      int length = codec.compress(MemorySegment.ofArray(text(1)), out);
      assertTrue(length > 0);
      assertEquals(
          length, codec.compress(MemorySegment.ofArray(text(1)), out.asSlice(0, length + 1L)));
      assertEquals(-1, codec.compress(MemorySegment.ofArray(text(1)), out.asSlice(0, length - 1)));
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void inputThatEndsEarlyIsAnInputOutputError(ClusterCodec codec) throws Exception {
    try (codec) {
      MemorySegment out = MemorySegment.ofArray(new byte[CLUSTER]);
      int length = codec.compress(MemorySegment.ofArray(text(1)), out);
      for (int cut : new int[] {0, 1, 4, 5, 8, length / 2, length - 50}) {
        MemorySegment short_ = out.asSlice(0, cut);
        MemorySegment back = MemorySegment.ofArray(new byte[CLUSTER]);
        var e = assertThrows(BlockException.class, () -> codec.decompress(short_, back));
        assertEquals(Errno.EIO, e.errno());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void aClusterShorterThanItShouldBeIsAnInputOutputError(ClusterCodec codec) throws Exception {
    try (codec) {
      MemorySegment out = MemorySegment.ofArray(new byte[CLUSTER]);
      int length = codec.compress(MemorySegment.ofArray(GREETING), out);
      MemorySegment back = MemorySegment.ofArray(new byte[GREETING.length + 1]);
      assertThrows(
          BlockException.class, () -> codec.decompress(out.asSlice(0, length + 512L), back));
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void damagedInputNeverFailsOtherwiseThanWithAnInputOutputError(ClusterCodec codec)
      throws Exception {
    try (codec) {
      MemorySegment out = MemorySegment.ofArray(new byte[CLUSTER]);
      MemorySegment back = MemorySegment.ofArray(new byte[CLUSTER]);
      int length = codec.compress(MemorySegment.ofArray(text(1)), out);
      Random random = new Random(7);
      int refused = 0;
      for (int round = 0; round < 2000; round++) {
        byte[] damaged = out.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        int end = round % 2 == 0 ? Math.min(64, length) : length;
        for (int i = 0; i < 1 + round % 4; i++) {
          damaged[random.nextInt(end)] = (byte) random.nextInt();
        }
        try {
          codec.decompress(MemorySegment.ofArray(damaged), back);
        } catch (BlockException e) {
          assertEquals(Errno.EIO, e.errno());
          refused++;
        }
      }
      assertTrue(refused > 500, "refused " + refused);
    }
  }

  /** From some clusters on the host's library reads, if there is one. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aLongReadGivesWhatAShortOneDoes(boolean wrapped) throws Exception {
    Random random = new Random(11);
    int refused = 0;
    try (ClusterCodec longRead = wrapped ? ClusterCodec.zlib(0) : ClusterCodec.deflate(0);
        Arena arena = Arena.ofConfined()) {
      MemorySegment packed = arena.allocate(CLUSTER);
      MemorySegment back = arena.allocate(CLUSTER);
      int length = longRead.compress(MemorySegment.ofArray(text(1)), packed);
      for (int round = 0; round < 3000; round++) {
        MemorySegment damaged = arena.allocate(length);
        damaged.copyFrom(packed.asSlice(0, length));
        for (int i = 0; i < round % 4; i++) {
          damaged.set(ValueLayout.JAVA_BYTE, random.nextInt(length), (byte) random.nextInt());
        }
        byte[] expected = new byte[CLUSTER];
        boolean sound =
            reads(wrapped ? ClusterCodec.zlib(0) : ClusterCodec.deflate(0), damaged, expected);
        refused += sound ? 0 : 1;
        boolean found = true;
        try {
          longRead.decompress(damaged, back);
        } catch (BlockException e) {
          assertEquals(Errno.EIO, e.errno());
          found = false;
        }
        assertEquals(sound, found, "round " + round);
        if (sound) {
          assertArrayEquals(expected, back.toArray(ValueLayout.JAVA_BYTE));
        }
      }
    }
    assertTrue(refused > 500, "refused " + refused);
  }

  private static boolean reads(ClusterCodec fresh, MemorySegment packed, byte[] into) {
    try (fresh) {
      fresh.decompress(packed, MemorySegment.ofArray(into));
      return true;
    } catch (BlockException e) {
      return false;
    }
  }

  @Test
  void deflateReadsWhatZlibWritesAtItsBest() throws Exception {
    byte[] plain = text(3);
    var stream = new ByteArrayOutputStream();
    try (var out = new DeflaterOutputStream(stream, new Deflater(9, true))) {
      out.write(plain);
    }
    byte[] back = new byte[CLUSTER];
    try (ClusterCodec codec = ClusterCodec.deflate(0)) {
      codec.decompress(MemorySegment.ofArray(stream.toByteArray()), MemorySegment.ofArray(back));
    }
    assertArrayEquals(plain, back);
  }

  @Test
  void zstdReadsFramesOfTheReferenceLibrary() throws Exception {
    byte[] back = new byte[GREETING.length];
    try (ClusterCodec codec = ClusterCodec.zstd()) {
      codec.decompress(MemorySegment.ofArray(LIBZSTD_GREETING), MemorySegment.ofArray(back));
    }
    assertArrayEquals(GREETING, back);
  }

  @Test
  void zstdReadsSeveralFramesAndPassesOverSkippableOnes() throws Exception {
    var stream = new ByteArrayOutputStream();
    stream.writeBytes(LIBZSTD_GREETING);
    stream.writeBytes(HexFormat.of().parseHex("5a2a4d1803000000aabbcc"));
    stream.writeBytes(LIBZSTD_GREETING);
    byte[] back = new byte[2 * GREETING.length];
    try (ClusterCodec codec = ClusterCodec.zstd()) {
      codec.decompress(MemorySegment.ofArray(stream.toByteArray()), MemorySegment.ofArray(back));
    }
    assertArrayEquals(GREETING, Arrays.copyOf(back, GREETING.length));
    assertArrayEquals(GREETING, Arrays.copyOfRange(back, GREETING.length, back.length));
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
  void libzstdIsNotLeftInTheTemporaryFolder() throws Exception {
    assertTrue(ZstdLibrary.LOADED);
    String library = "/strata-zstd";
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      List<String> mapped = maps.filter(line -> line.contains(library)).toList();
      assertFalse(mapped.isEmpty());
      for (String line : mapped) {
        assertTrue(line.endsWith("(deleted)"), line);
      }
    }
  }
}
