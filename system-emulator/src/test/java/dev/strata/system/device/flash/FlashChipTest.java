// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.flash;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.block.drive.DriveSettings;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.memory.AddressSpace;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A chip answers as the reference's does, and keeps in its image what it says it keeps. */
final class FlashChipTest {
  private static final int SIZE = 1 << 20;
  private static final long BASE = (1L << 32) - SIZE;
  private static final int READY = 0x80;

  @TempDir Path folder;
  private final Arena arena = Arena.ofShared();
  private final BlockGraph graph = new BlockGraph(DriverRegistry.load(), line -> {});
  private AddressSpace memory;
  private FlashChip chip;
  private GuestDrive drive;

  @AfterEach
  void close() throws IOException {
    graph.close();
    arena.close();
  }

  private static byte[] content() {
    byte[] content = new byte[SIZE];
    for (int i = 0; i < SIZE; i++) {
      content[i] = (byte) (7 * i + 3);
    }
    return content;
  }

  private Path image() {
    return folder.resolve("flash.raw");
  }

  private void newChip(boolean writable, String... options) throws IOException {
    if (drive != null) {
      drive.remove(); // the chip before
    }
    Files.write(image(), content());
    BlockOptions node = BlockOptions.of(options);
    if (options.length == 0) {
      node = BlockOptions.of("driver", "raw", "file.driver", "file");
    }
    String file = options.length == 0 ? "file.filename" : "file.image.filename";
    node.put(file, image().toString());
    newChip(node, writable);
  }

  private void newChip(BlockOptions options, boolean writable) throws IOException {
    memory = new AddressSpace(1L << 32, 0);
    NodeFlags flags = NodeFlags.READ_ONLY.withWritable(writable);
    BlockNode node = graph.open(new OpenRequest(null, options, flags, false, false, OpenGate.DENY));
    drive =
        new GuestDrive(
            "pflash0",
            DriveSettings.DEFAULT,
            graph.use(node, "", GuestDrive.permissions(writable)),
            System::nanoTime);
    var image = new FlashImage(drive, content(), writable);
    chip = new FlashChip("system.flash0", image, arena, memory, BASE);
  }

  private void write(long offset, int value) {
    memory.write(BASE + offset, 1, value);
  }

  private int read(long offset) {
    return (int) memory.read(BASE + offset, 1);
  }

  private static int bytes(String width) {
    return 1 << List.of("b", "h", "l", "q").indexOf(width);
  }

  @Test
  void answersAsTheReferenceDoes() throws IOException {
    String[] lines;
    try (InputStream recorded = FlashChipTest.class.getResourceAsStream("/flash/answers.txt")) {
      lines = new String(recorded.readAllBytes(), StandardCharsets.US_ASCII).split("\n");
    }
    int reads = 0;
    byte[] expected = content();
    String name = "";
    for (String line : lines) {
      String[] words = line.split(" ");
      if (line.endsWith(":")) {
        requireImage(name, expected);
        name = line;
        expected = content();
        newChip(!line.endsWith(" readonly:"));
      } else if (line.startsWith("write")) {
        memory.write(
            BASE + Long.parseLong(words[2], 16), bytes(words[1]), Long.parseLong(words[3], 16));
      } else if (line.startsWith("read")) {
        reads++;
        assertEquals(
            words[3],
            Long.toHexString(memory.read(BASE + Long.parseLong(words[2], 16), bytes(words[1]))),
            name + " " + line);
      } else if (line.startsWith("changed")) {
        for (String change : words[1].split(",")) {
          String[] pair = change.split("=");
          expected[Integer.parseInt(pair[0], 16)] = (byte) Integer.parseInt(pair[1], 16);
        }
      }
    }
    requireImage(name, expected);
    assertEquals(259, reads);
  }

  private void requireImage(String name, byte[] expected) throws IOException {
    if (!name.isEmpty()) {
      assertArrayEquals(expected, Files.readAllBytes(image()), name);
      assertArrayEquals(expected, chip.memory().toArray(ValueLayout.JAVA_BYTE), name);
    }
  }

  @Test
  void aBufferTakes256Bytes() throws IOException {
    newChip(true);
    byte[] expected = content();
    write(0x300, 0xe8);
    write(0x300, 0xff);
    for (int i = 0; i < 256; i++) {
      expected[0x300 + i] = (byte) (i ^ 0x5a);
      write(0x300 + i, i ^ 0x5a);
    }
    assertEquals(READY, read(0));
    write(0x300, 0xd0);
    assertEquals(READY, read(0));
    requireImage("buffer", expected);
  }

  @Test
  void aSectorIsErasedWhenThatIsConfirmed() throws IOException {
    newChip(true);
    byte[] expected = content();
    write(0x1234, 0x20);
    write(0x1234, 0xff);
    write(0x1234, 0x20);
    write(0x1234, 0x33);
    requireImage("not confirmed", expected);
    write(0x1234, 0x20);
    write(0x1234, 0xd0);
    assertEquals(READY, read(0));
    Arrays.fill(expected, 0x1000, 0x2000, (byte) 0xff);
    requireImage("confirmed", expected);
  }

  @Test
  void whatTheImageDoesNotTakeIsNotProgrammed() throws IOException {
    newChip(
        true,
        "driver",
        "raw",
        "file.driver",
        "blkdebug",
        "file.image.driver",
        "file",
        "file.inject-error.0.event",
        "pwritev",
        "file.inject-error.0.iotype",
        "write",
        "file.inject-error.0.errno",
        "5");
    write(4, 0x40);
    write(4, 0);
    assertEquals(READY | 0x10, read(0));
    write(0, 0x50);
    write(0x1000, 0x20);
    write(0x1000, 0xd0);
    assertEquals(READY | 0x20, read(0));
    write(0, 0x50);
    write(0x20, 0xe8);
    write(0x20, 0);
    write(0x20, 1);
    write(0x20, 0xd0);
    write(0, 0x70);
    assertEquals(READY | 0x10, read(0));
    requireImage("failing", content());
  }

  @Test
  void resetShowsTheArray() throws IOException {
    newChip(true);
    write(0, 0x98);
    assertEquals('Q', read(0x10));
    chip.reset();
    assertEquals(0x73, read(0x10));
  }
}
