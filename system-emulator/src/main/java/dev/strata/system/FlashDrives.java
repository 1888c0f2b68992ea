// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.drive.MediumSlot.Kind;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.Drives.Connection;
import dev.strata.system.Drives.Drive;
import dev.strata.system.device.flash.FlashChip;
import dev.strata.system.device.flash.FlashImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The images of flash chips: of {@code -drive if=pflash}, or nodes that the machine is given. */
final class FlashDrives {
  /** How many chips a PC has at most. */
  static final int MOST = 2;

  private static final long MOST_BYTES = 8 << 20;

  private final Drives all;
  private final DriveDevices drives;

  FlashDrives(Drives all, DriveDevices drives) {
    this.all = all;
    this.drives = drives;
  }

  /**
   * What the chips hold.
   *
   * @param nodes that are a chip's, by its number
   */
  List<FlashImage> images(Map<Integer, String> nodes) throws BlockException {
    var images = new ArrayList<FlashImage>();
    long room = MOST_BYTES;
    @Nullable Drive[] chips = chips(nodes);
    for (int number = 0; number < MOST; number++) {
      Drive drive = chips[number];
      if (drive == null) {
        continue;
      }
      if (number > images.size()) {
        throw CommandLine.error("pflash1 requires pflash0");
      }
      FlashImage image = image(number, drive, room);
      room -= image.content().length;
      images.add(image);
    }
    return images;
  }

  private @Nullable Drive[] chips(Map<Integer, String> nodes) throws BlockException {
    var chips = new @Nullable Drive[MOST];
    for (Drive drive : List.copyOf(all.all())) {
      if (drive.connection() == Connection.PFLASH) {
        DrivePlace.require(drive, 1, MOST);
        int number = drive.place().unit();
        if (nodes.containsKey(number)) {
          throw CommandLine.error(drive.given() + ": clashes with -machine");
        }
        drives.name(drive, "pflash" + number);
        chips[number] = drive;
      }
    }
    for (Map.Entry<Integer, String> node : nodes.entrySet()) {
      chips[node.getKey()] = ofNode(node.getValue());
    }
    return chips;
  }

  private Drive ofNode(String name) throws BlockException {
    var properties = new BlockOptions();
    properties.put("drive", name);
    Drive drive = drives.find("-machine", drives.properties(properties), true);
    if (drive == null) {
      throw CommandLine.error("Property 'cfi.pflash01.drive' can't find value '" + name + "'");
    }
    return drive;
  }

  private FlashImage image(int number, Drive drive, long room) throws BlockException {
    String name = "pflash" + number;
    BlockBackend image = drive.image();
    if (image == null) {
      throw CommandLine.error("can't get size of block device " + name + ": No medium found");
    }
    long size = image.length();
    if (size == 0 || size % FlashChip.SECTOR != 0) {
      throw CommandLine.error(
          "system firmware block device %s has invalid size %d: it must be a non-zero multiple of %#x"
              .formatted(name, size, FlashChip.SECTOR));
    }
    if (size > room) {
      throw CommandLine.error("combined size of system firmware exceeds " + MOST_BYTES + " bytes");
    }
    var content = new byte[(int) size];
    image.read(0, IoVector.of(content), 0);
    boolean writable = image.node().flags().writable() && !drive.readOnly();
    var device =
        new DriveDevices.Device(
            "/machine/system.flash" + number, null, Kind.FIXED, DriveDevices.MAIN);
    return new FlashImage(
        drives.use(drive, device, DriveDevices.ofBoard(drive)), content, writable);
  }
}
