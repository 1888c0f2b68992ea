// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.library;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.image.DiskImage;
import dev.strata.block.image.ImageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DiskImageTest {
  private static final int MIB = 1 << 20;

  @TempDir private Path folder;
  private String base = "";
  private String overlay = "";
  private String copy = "";

  @BeforeEach
  void chain() throws BlockException {
    base = folder.resolve("base.qcow2").toString();
    overlay = folder.resolve("overlay.qcow2").toString();
    copy = folder.resolve("copy.raw").toString();
    try (DiskImage disk = ImageFile.of(base).format("qcow2").create(8 * MIB)) {
      disk.write(4 * MIB, ByteBuffer.wrap("from the base".getBytes(UTF_8)));
    }
    ImageFile above =
        ImageFile.of(overlay)
            .format("qcow2")
            .with("backing_file", "base.qcow2")
            .with("backing_fmt", "qcow2")
            .leadingTo(OpenGate.SAME_FOLDER);
    above.create(8 * MIB).close();
  }

  /** The example of the README. */
  @Test
  void anImageIsOpenedReadWrittenAskedAndClosedInTenLines() throws BlockException {
    var text = ByteBuffer.allocate(13);
    var steps = new ArrayList<Long>();
    ImageFile file = ImageFile.of(overlay).forWriting().leadingTo(OpenGate.SAME_FOLDER);
    try (DiskImage disk = file.open();
        DiskImage target = ImageFile.of(copy).format("raw").create(disk.length())) {
      disk.read(4 * MIB, text);
      disk.write(0, ByteBuffer.wrap("hello".getBytes(UTF_8)));
      Extent first = disk.status(0, disk.length());
      disk.copyTo(target, (done, total) -> steps.add(done));
      assertTrue(first.data());
    }
    assertEquals("from the base", new String(text.array(), UTF_8));
    assertFalse(steps.isEmpty());
  }

  @Test
  void theCopyHasTheBytesOfTheWholeChain() throws IOException {
    anImageIsOpenedReadWrittenAskedAndClosedInTenLines();
    byte[] bytes = Files.readAllBytes(Path.of(copy));
    assertEquals(8 * MIB, bytes.length);
    assertEquals("hello", new String(bytes, 0, 5, UTF_8));
    assertEquals("from the base", new String(bytes, 4 * MIB, 13, UTF_8));
  }

  @Test
  void zeroesAreCopiedOverWhatWasWrittenBefore() throws BlockException {
    try (DiskImage disk = ImageFile.of(base).open();
        DiskImage target = ImageFile.of(copy).format("raw").create(disk.length())) {
      target.write(MIB, ByteBuffer.wrap("in the way".getBytes(UTF_8)));
      disk.copyTo(target, (done, total) -> {});
      var there = ByteBuffer.allocate(10);
      target.read(MIB, there);
      assertArrayEquals(new byte[10], there.array());
    }
  }

  @Test
  void statusRunsCoverTheDiskAndTellDataOfAnyLayer() throws BlockException {
    List<Extent> runs = new ArrayList<>();
    try (DiskImage disk = ImageFile.of(overlay).leadingTo(OpenGate.AS_QEMU).open()) {
      for (long at = 0; at < disk.length(); at += runs.getLast().length()) {
        runs.add(disk.status(at, disk.length() - at));
      }
    }
    assertEquals(3, runs.size(), runs::toString);
    assertTrue(runs.get(0).zero());
    assertTrue(runs.get(1).data());
    assertEquals(4 * MIB, runs.get(1).offset());
    assertEquals(65536, runs.get(1).length());
    assertTrue(runs.get(2).zero());
  }

  @Test
  void buffersAreUsedFromTheirPositionToTheirLimit() throws BlockException {
    var buffer = ByteBuffer.allocateDirect(32).position(3).limit(3 + 4);
    try (DiskImage disk = ImageFile.of(base).open()) {
      disk.read(4 * MIB, buffer);
    }
    assertEquals(7, buffer.position());
    assertEquals('f', buffer.get(3));
    assertEquals('m', buffer.get(6));
    assertEquals(0, buffer.get(2));
    assertEquals(0, buffer.limit(32).get(7));
  }

  @Test
  void anImageToBeReadIsNotWritten() throws BlockException {
    try (DiskImage disk = ImageFile.of(base).open()) {
      assertThrows(BlockException.class, () -> disk.write(0, ByteBuffer.wrap("x".getBytes(UTF_8))));
    }
  }

  @Test
  void requestsBeyondTheEndFailAndNothingIsWritten() throws BlockException {
    try (DiskImage disk = ImageFile.of(base).forWriting().open()) {
      ByteBuffer two = ByteBuffer.allocate(2);
      assertThrows(BlockException.class, () -> disk.write(8 * MIB - 1, two));
      assertEquals(2, two.remaining());
      assertEquals(8 * MIB, disk.length());
    }
  }

  @Test
  void whatIsMissingIsToldInTheWordsOfTheTools() {
    String absent = folder.resolve("absent").toString();
    BlockException failure = assertThrows(BlockException.class, () -> ImageFile.of(absent).open());
    assertEquals(Errno.ENOENT, failure.errno());
    assertEquals(
        "Could not open '"
            + absent
            + "': Could not open '"
            + absent
            + "': No such file or directory",
        failure.getMessage());
  }
}
