// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.image.DiskImage;
import dev.strata.block.image.ImageFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An input for each weakness that programs like this one have had: it ends in one clear line and
 * exit code 1, in a second and 256 MiB, and the image is as before.
 */
final class HostileImagesTest {
  private static final List<byte[]> QCOW2 = Seeds.qcow2();
  private static final int V3 = 2; // in QCOW2: clusters of 4096 bytes, a snapshot, a bitmap

  // As Seeds.vhdx() has them.
  private static final int VHDX_REGIONS = 192 << 10;
  private static final int VHDX_METADATA = 3 << 20;
  private static final int VHDX_ITEMS = VHDX_METADATA + (64 << 10);

  @TempDir Path folder;

  private interface Change {
    void of(ByteBuffer image);
  }

  private Path write(byte[] bytes) throws Exception {
    return Files.write(folder.resolve("image"), bytes);
  }

  private Path qcow2(Change change) throws Exception {
    return changed(QCOW2.get(V3), ByteOrder.BIG_ENDIAN, change);
  }

  private Path parallels(Change change) throws Exception {
    return changed(Seeds.parallels().get(1), ByteOrder.LITTLE_ENDIAN, change);
  }

  private Path bochs(Change change) throws Exception {
    return changed(ForeignSeeds.bochs().get(1), ByteOrder.LITTLE_ENDIAN, change);
  }

  private Path qcow(Change change) throws Exception {
    return changed(Seeds.qcow().getFirst(), ByteOrder.BIG_ENDIAN, change);
  }

  private Path vhdx(Change change) throws Exception {
    byte[] image = Seeds.vhdx().getFirst().clone();
    change.of(ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN));
    return write(Checksums.vhdx(image));
  }

  private Path changed(byte[] sound, ByteOrder order, Change change) throws Exception {
    byte[] image = sound.clone();
    change.of(ByteBuffer.wrap(image).order(order));
    return write(image);
  }

  /** An image that names a backing file. */
  private Path backedBy(String name) throws Exception {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    return qcow2(image -> image.putLong(8, 2048).putInt(16, bytes.length).put(2048, bytes));
  }

  /** Runs a command on the image, within the limits; the image stays as it is. */
  private ToolCommand run(String... words) throws Exception {
    Path image = folder.resolve("image");
    byte[] before = Files.readAllBytes(image);
    var all = new ArrayList<>(Arrays.asList(words).subList(1, words.length));
    all.replaceAll(word -> word.replace("IMAGE", image.toString()));
    var target = new ToolCommand(words[0], all);
    Trial.run(target, new byte[0]);
    assertArrayEquals(before, Files.readAllBytes(image));
    return target;
  }

  /** Expects a command on the image to be refused. */
  private void refused(String expected, String... words) throws Exception {
    ToolCommand target = run(words);
    assertEquals(1, target.code(), target.errors());
    assertEquals(1, target.errors().lines().count(), target.errors());
    assertTrue(target.errors().contains(expected), target.errors());
  }

  /** Expects a command on the image to find nothing wrong. */
  private void accepted(String... words) throws Exception {
    ToolCommand target = run(words);
    assertEquals(0, target.code(), target.errors());
  }

  @Test
  void v01AWindowBeyondTheEndOfTheFile() throws Exception {
    write(new byte[4096]);
    refused(
        "has to be smaller or equal to the  actual size of the containing file",
        "info",
        "--image-opts",
        "driver=raw,offset=1024,size=8192,file.filename=IMAGE");
  }

  @Test
  void v02AGuestThatWritesAHeaderIntoADiskWhoseFormatWasGuessed() throws Exception {
    Path raw = write(new byte[1 << 20]);
    try (DiskImage disk = ImageFile.of(raw.toString()).forWriting().open()) {
      ByteBuffer header = ByteBuffer.wrap(Arrays.copyOf(QCOW2.get(V3), 512));
      assertThrows(BlockException.class, () -> disk.write(0, header));
    }
    assertArrayEquals(new byte[1 << 20], Files.readAllBytes(raw));
  }

  @Test
  void v03AHeaderThatAGuestHasWrittenIsNotFollowed() throws Exception {
    backedBy("/etc/passwd");
    refused("is dangerous: it stands on the file '/etc/passwd'", "map", "--untrusted", "IMAGE");
  }

  @Test
  void v04AndV14AndV22ABackingFileOfTheHost() throws Exception {
    backedBy("/etc/passwd");
    for (String command : List.of("info", "check", "map", "measure")) {
      var words = new ArrayList<>(List.of(command, "--untrusted"));
      if (command.equals("measure")) {
        words.addAll(List.of("-O", "raw"));
      }
      words.add("IMAGE");
      refused("stands on the file '/etc/passwd'", words.toArray(String[]::new));
    }
  }

  @Test
  void v05NumbersThatAreDividedByAreZero() throws Exception {
    parallels(image -> image.putInt(28, 0));
    refused("Zero sectors per track", "info", "-f", "parallels", "IMAGE");
    bochs(image -> image.putInt(80, 0));
    refused("Extent size must be at least 512", "info", "-f", "bochs", "IMAGE");
  }

  @Test
  void v06NumbersThatOverflowWhenTheyAreMultiplied() throws Exception {
    qcow2(image -> image.putInt(36, -1));
    refused("Active L1 table too large", "info", "IMAGE");
    parallels(image -> image.putInt(32, -1));
    refused("Catalog too large", "info", "IMAGE");
    bochs(image -> image.putInt(72, -1));
    refused("Catalog size is too large", "info", "IMAGE");
    parallels(image -> image.putInt(28, Integer.MAX_VALUE));
    refused("Too big cluster", "info", "IMAGE");
  }

  @Test
  void v07FieldsThatNobodyValidated() throws Exception {
    qcow2(image -> image.putInt(20, 63));
    refused("Unsupported cluster size: 2^63", "info", "IMAGE");
    qcow2(image -> image.putInt(100, -1));
    refused("qcow2 header exceeds cluster size", "info", "IMAGE");
    qcow2(image -> image.putInt(96, 64));
    refused("Reference count entry width too large", "info", "IMAGE");
    qcow2(image -> image.putInt(16, 1 << 30).putLong(8, 512));
    refused("Backing file name too long", "info", "IMAGE");
    qcow2(image -> image.putInt(116, Integer.MAX_VALUE));
    refused("Header extension too large", "info", "IMAGE");
    qcow2(image -> image.putInt(112, 0).putInt(116, Integer.MAX_VALUE)); // of the end itself
    refused("Header extension too large", "info", "IMAGE");
  }

  @Test
  void v08AnL1TableThatIsTooSmallOrElsewhere() throws Exception {
    qcow2(image -> image.putInt(36, 0));
    refused("L1 table is too small", "info", "IMAGE");
    qcow2(image -> image.putLong(40, Long.MAX_VALUE & -4096L));
    refused("Could not read L1 table", "info", "IMAGE");
  }

  @Test
  void v09SnapshotsThatAreNotThere() throws Exception {
    qcow2(image -> image.putInt(60, 65537));
    refused("Snapshot table too large", "info", "IMAGE");
    qcow2(image -> image.putLong(64, Long.MAX_VALUE & -4096L));
    refused("Failed to read snapshot table", "info", "IMAGE");
  }

  @Test
  void v10NumbersThatAreNegativeWhenTheyAreSigned() throws Exception {
    qcow2(image -> image.putInt(56, -1));
    refused("Reference count table too large", "info", "IMAGE");
    qcow2(image -> image.putLong(24, -1));
    refused("File too large", "info", "IMAGE");
    parallels(image -> image.putLong(36, -1));
    refused("nb_sectors is", "info", "IMAGE");
  }

  /** CVE-2014-0148: numbers of zero that loops advance by, or that are divided by. */
  @Test
  void v11AVhdxWhoseNumbersAreZero() throws Exception {
    for (int place : new int[] {VHDX_ITEMS, VHDX_ITEMS + 32}) { // block size, size of a sector
      vhdx(image -> image.putInt(place, 0));
      refused("Could not open", "info", "-f", "vhdx", "IMAGE");
    }
    vhdx(image -> image.putInt(VHDX_ITEMS, 3 << 20));
    refused("Could not open", "info", "-f", "vhdx", "IMAGE");
    vhdx(image -> image.putLong(VHDX_ITEMS + 8, -512)); // size of the disk
    refused("Could not open", "info", "-f", "vhdx", "IMAGE");
    vhdx(image -> image.putInt(VHDX_REGIONS + 8, -1)); // how many regions there are
    refused("Could not open", "info", "-f", "vhdx", "IMAGE");
    vhdx(image -> image.putShort(VHDX_METADATA + 10, (short) -1)); // and items
    refused("Could not open", "info", "-f", "vhdx", "IMAGE");
  }

  /** CVE-2014-0148: a log whose entries have no length, of which a loop would never get on. */
  @Test
  void v11AVhdxWhoseLogDoesNotGetOn() throws Exception {
    byte[] log = new byte[4096];
    ByteBuffer.wrap(log)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0x65676f6c) // "loge", of length 0
        .putLong(16, 1)
        .putLong(32, 1); // of the log with that number
    vhdx(image -> {
      for (int header : new int[] {64 << 10, 128 << 10}) {
        image.putLong(header + 48, 1).putLong(header + 56, 0);
      }
      for (int at = 1 << 20; at < 2 << 20; at += log.length) {
        image.put(at, log);
      }
    });
    accepted("info", "-f", "vhdx", "IMAGE"); // entries that are none are no reason to refuse it
    vhdx(image -> {
      for (int header : new int[] {64 << 10, 128 << 10}) {
        image.putLong(header + 48, 1).putInt(header + 68, 0xfff00000); // its length
      }
    });
    refused("Could not open", "info", "-f", "vhdx", "IMAGE");
  }

  /** CVE-2014-0222: an L2 table larger than the memory for it, or of no entry. */
  @Test
  void v12AQcowWhoseL2TablesHaveAnySize() throws Exception {
    for (int bits : new int[] {0, 5, 14, 31, 63, 255}) {
      qcow(image -> image.put(33, (byte) bits));
      refused("L2 table size must be between 512 and 64k", "info", "-f", "qcow", "IMAGE");
    }
    for (int bits : new int[] {0, 8, 17, 63, 255}) {
      qcow(image -> image.put(32, (byte) bits));
      refused("Cluster size must be between 512 and 64k", "info", "-f", "qcow", "IMAGE");
    }
  }

  /** CVE-2014-0223: a disk whose L1 table has more entries than an int can count. */
  @Test
  void v13AQcowWhoseSizeOverflows() throws Exception {
    for (long size : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 62, 1L << 50}) {
      qcow(image -> image.putLong(24, size).put(32, (byte) 9).put(33, (byte) 6));
      refused("Image too large", "info", "-f", "qcow", "IMAGE");
    }
    qcow(image -> image.putLong(24, 1));
    refused("Image size is too small", "info", "-f", "qcow", "IMAGE");
  }

  /** CVE-2022-47951 */
  @Test
  void v17ADescriptorThatNamesAFileOfTheHost() throws Exception {
    String text = VmdkSeeds.descriptor("monolithicFlat", "RW 2 FLAT \"/etc/passwd\" 0");
    write(text.getBytes(StandardCharsets.UTF_8));
    refused("keeps its data in the file '/etc/passwd'", "info", "--untrusted", "IMAGE");
    refused("keeps its data in the file '/etc/passwd'", "check", "--untrusted", "IMAGE");
    refused(
        "keeps its data in the file '/etc/passwd'",
        "convert",
        "--untrusted",
        "-O",
        "raw",
        "IMAGE",
        "IMAGE.raw");
    assertEquals(false, Files.exists(folder.resolve("image.raw")));
    String parent = text.replace("CID=", "parentFileNameHint=\"/etc/passwd\"\nCID=");
    write(
        parent
            .replace("parentCID=ffffffff", "parentCID=12345678")
            .getBytes(StandardCharsets.UTF_8));
    refused("/etc/passwd", "info", "--untrusted", "IMAGE");
  }

  @Test
  void v24ADescriptorOfAMillionExtents() throws Exception {
    var lines = new String[20_000];
    Arrays.fill(lines, "RW 2 FLAT \"image\" 0");
    write(VmdkSeeds.descriptor("monolithicFlat", lines).getBytes(StandardCharsets.UTF_8));
    refused("More than 4096 extents", "info", "IMAGE");
  }

  @Test
  void v24ADiskWhoseMapWouldTakeAllMemory() throws Exception {
    changed(
        VmdkSeeds.all().getFirst(),
        ByteOrder.LITTLE_ENDIAN,
        image -> image.putLong(12, 1L << 50).putInt(44, 1));
    refused("L1 size too big", "info", "IMAGE");
  }

  @Test
  void v24AGrainThatWouldTakeAllMemory() throws Exception {
    changed(
        VmdkSeeds.all().get(2),
        ByteOrder.LITTLE_ENDIAN,
        image -> image.putLong(20, 0x200000).putInt(44, 1));
    refused("Invalid granularity", "convert", "-O", "raw", "IMAGE", "IMAGE.raw");
  }

  @Test
  void v18AndV19ADataFileOfTheHost() throws Exception {
    byte[] image = QCOW2.get(6).clone();
    write(image);
    refused("keeps its data in the file 'data'", "info", "--untrusted", "IMAGE");
    refused("keeps its data in the file 'data'", "check", "--untrusted", "IMAGE");
    backedBy("json:{\"driver\":\"file\",\"filename\":\"/etc/passwd\"}");
    refused("by options that name files themselves", "info", "--untrusted", "IMAGE");
  }

  @Test
  void v20ConvertingWhatNobodyHasLookedAt() throws Exception {
    backedBy("/etc/passwd");
    refused(
        "stands on the file '/etc/passwd'",
        "convert",
        "--untrusted",
        "-O",
        "raw",
        "IMAGE",
        "IMAGE.raw");
  }

  @Test
  void v21ResizingWhatLooksLikeAnImage() throws Exception {
    backedBy("/etc/passwd");
    refused("stands on the file", "resize", "--untrusted", "IMAGE", "+1M");
  }

  @Test
  void v23ARefcountBlockAtTheStartOfTheFile() throws Exception {
    Path image =
        qcow2(bytes -> bytes.putLong((int) bytes.getLong(48), (1L << 62) | 3)); // not aligned
    byte[] before = Files.readAllBytes(image);
    refused("has damaged metadata", "info", "--untrusted", "IMAGE");
    try (DiskImage disk = ImageFile.of(image.toString()).format("qcow2").forWriting().open()) {
      ByteBuffer block = ByteBuffer.allocate(4096);
      assertThrows(BlockException.class, () -> disk.write(20 * 4096, block));
    }
    // The image says of itself from now on that it is corrupt, and nothing else is written.
    byte[] after = Files.readAllBytes(image);
    before[79] |= 2;
    assertArrayEquals(Arrays.copyOfRange(before, 0, 4096), Arrays.copyOfRange(after, 0, 4096));
  }

  @Test
  void v24AChainThatIsARing() throws Exception {
    backedBy("image");
    refused("More than 400 images refer to one another", "map", "IMAGE");
  }

  @Test
  void v24NoPipeIsWaitedFor() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    write(new byte[512]);
    refused("is a device, pipe or socket", "info", "--untrusted", pipe.toString());
  }

  @Test
  void v24NamesThatSteerTheTerminal() throws Exception {
    backedBy("\u001b]0;owned\u0007\nqemu-img: all is well");
    refused("\\x1b]0;owned\\x07\\x0aqemu-img", "map", "IMAGE");
  }

  @Test
  void v24ClustersThatManyShare() throws Exception {
    // One L2 table for the whole disk: a check would go through it once for each entry.
    qcow2(image -> {
      int l1 = (int) image.getLong(40);
      image.putLong(24, 4096L * 512 * 256).putInt(36, 256);
      long first = image.getLong(l1);
      for (int i = 1; i < 256; i++) {
        image.putLong(l1 + 8 * i, first);
      }
    });
    refused("the L1 table, that refers to one cluster twice", "info", "--untrusted", "IMAGE");
  }

  @Test
  void v25TablesThatFillTheMemory() throws Exception {
    qcow2(image -> image.putInt(36, (32 << 20) / 8 + 1));
    refused("Active L1 table too large", "check", "IMAGE");
    parallels(image -> image.putInt(28, 1 << 21).putLong(56, 8));
    refused("Format Extension has", "info", "IMAGE");
  }
}
