// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.image.DiskImage;
import dev.strata.block.image.ImageFile;
import dev.strata.block.option.BlockOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images written by an attacker, who wants a file read that is not theirs. */
final class OpenGateTest {
  private static final int SIZE = 1 << 20;

  @TempDir private Path folder;
  private Path mine = Path.of("");
  private Path secret = Path.of("");

  @BeforeEach
  void files() throws IOException {
    mine = Files.createDirectory(folder.resolve("mine"));
    secret = Files.write(folder.resolve("secret"), new byte[SIZE]);
    Files.write(mine.resolve("base.raw"), new byte[SIZE]);
  }

  /** An image in {@code mine} whose header has these names; {@code FOLDER} is where it is. */
  private String image(String name, String... options) throws BlockException {
    Path path = mine.resolve(name);
    try (var graph = new BlockGraph(DriverRegistry.load(), line -> {})) {
      BlockOptions creation = BlockOptions.of(options);
      creation.put("size", SIZE);
      graph.create(graph.drivers().require("qcow2"), path.toString(), creation);
    }
    return path.toString();
  }

  private String backed(String backing, String format) throws BlockException {
    return image("hostile.qcow2", "backing_file", at(backing), "backing_fmt", format);
  }

  private String at(String name) {
    return name.replace("MINE", mine.toString()).replace("SECRET", secret.toString());
  }

  private static void assertRefused(String image, OpenGate gate) {
    BlockException failure =
        assertThrows(
            BlockException.class, () -> ImageFile.of(image).leadingTo(gate).open().close());
    assertEquals(Errno.EPERM, failure.errno(), failure.getMessage());
  }

  private static void assertOpens(String image, OpenGate gate) throws BlockException {
    try (DiskImage disk = ImageFile.of(image).leadingTo(gate).open()) {
      disk.read(0, ByteBuffer.allocate(512));
    }
  }

  @Test
  void byDefaultNoNameInAnImageIsFollowed() throws BlockException {
    String image = backed("base.raw", "raw");
    assertRefused(image, OpenGate.DENY);
    BlockException failure =
        assertThrows(BlockException.class, () -> ImageFile.of(image).open().close());
    assertEquals(
        "Could not open '"
            + image
            + "': Could not open backing file: Image '"
            + image
            + "' names the backing file '"
            + at("MINE/base.raw")
            + "', which the caller's policy does not allow to open",
        failure.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"base.raw", "MINE/base.raw"})
  void aNeighbourIsOpenedBySameFolder(String backing) throws BlockException {
    assertOpens(backed(backing, "raw"), OpenGate.SAME_FOLDER);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SECRET",
        "../secret",
        "./../secret",
        "sub/../../secret",
        "MINE/../secret",
        "MINE/../mine/base.raw",
        "file:SECRET",
        "file:base.raw",
        "json:{\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"SECRET\"}}",
        "json:{\"driver\":\"raw\",\"file.filename\":\"MINE/base.raw\"}",
        "null-co:",
        "null-co://",
        "blkdebug::SECRET",
        "host_device:/dev/null",
        "nbd://127.0.0.1:1/x",
        "nbd:unix:/run/secret.sock",
        "http://127.0.0.1:1/x",
        "fat:rw:/",
        "/dev/zero",
        "/proc/self/environ",
        "/dev/fd/0",
        ".",
        "..",
        "./",
        "sub/base.raw",
      })
  void whatIsNoNeighbourIsRefused(String backing) throws BlockException {
    assertRefused(backed(backing, "raw"), OpenGate.SAME_FOLDER);
    assertRefused(backed(backing, "raw"), OpenGate.DENY);
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "null-co", "blkdebug", "blklogwrites", "host_device"})
  void theImageChoosesNoDriverThatIsNoFormat(String driver) throws BlockException {
    assertRefused(backed("base.raw", driver), OpenGate.SAME_FOLDER);
  }

  @Test
  void aLinkOutOfTheFolderIsRefused() throws IOException {
    Files.createSymbolicLink(mine.resolve("link"), secret);
    assertRefused(backed("link", "raw"), OpenGate.SAME_FOLDER);
    assertOpens(backed("link", "raw"), OpenGate.AS_QEMU);
  }

  @Test
  void aLinkToALinkOutOfTheFolderIsRefused() throws IOException {
    Files.createSymbolicLink(mine.resolve("link"), secret);
    Files.createSymbolicLink(mine.resolve("link2"), mine.resolve("link"));
    assertRefused(backed("link2", "raw"), OpenGate.SAME_FOLDER);
  }

  @Test
  void aLinkWithinTheFolderIsFollowed() throws IOException {
    Files.createSymbolicLink(mine.resolve("link"), Path.of("base.raw"));
    assertOpens(backed("link", "raw"), OpenGate.SAME_FOLDER);
  }

  @Test
  void aLinkToNothingIsRefused() throws IOException {
    Files.createSymbolicLink(mine.resolve("link"), folder.resolve("absent"));
    assertRefused(backed("link", "raw"), OpenGate.SAME_FOLDER);
  }

  @Test
  void theGateStandsBeforeEveryLayer() throws BlockException {
    image("middle.qcow2", "backing_file", at("SECRET"), "backing_fmt", "raw");
    assertRefused(backed("middle.qcow2", "qcow2"), OpenGate.SAME_FOLDER);
    assertOpens(backed("middle.qcow2", "qcow2"), OpenGate.AS_QEMU);
  }

  @Test
  void aRingOfImagesEnds() throws BlockException {
    String ring = backed("hostile.qcow2", "qcow2");
    BlockException failure =
        assertThrows(
            BlockException.class,
            () -> ImageFile.of(ring).leadingTo(OpenGate.SAME_FOLDER).open().close());
    assertEquals(Errno.ELOOP, failure.errno(), failure.getMessage());
  }

  @Test
  void aDataFileElsewhereIsRefused() throws IOException {
    String image = image("data.qcow2", "data_file", mine.resolve("data").toString());
    assertRefused(image, OpenGate.DENY);
    assertOpens(image, OpenGate.SAME_FOLDER);
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path moved = Files.move(Path.of(image), elsewhere.resolve("data.qcow2"));
    assertRefused(moved.toString(), OpenGate.SAME_FOLDER);
    assertOpens(moved.toString(), OpenGate.AS_QEMU);
  }

  @Test
  void whatTheCallerNamesIsNotAskedAbout() throws BlockException {
    String image = backed("SECRET", "raw");
    var asked = new ArrayList<String>();
    try (DiskImage disk =
        ImageFile.of(image)
            .with("backing.driver", "raw")
            .with("backing.file.driver", "file")
            .with("backing.file.filename", at("MINE/base.raw"))
            .leadingTo(reference -> asked.add(reference.target()))
            .open()) {
      assertEquals(SIZE, disk.length());
    }
    assertEquals(List.of(), asked);
  }
}
