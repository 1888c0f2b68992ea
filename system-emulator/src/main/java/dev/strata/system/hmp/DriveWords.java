// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;
import java.util.List;

/** What people say about drives and their media. */
final class DriveWords {
  static final String EJECT_USAGE = "eject [-f] device";
  static final String EJECT_HELP = "eject a removable medium (use -f to force it)";
  static final String CHANGE_USAGE = "change device [-f] filename [format [read-only-mode]]";
  static final String CHANGE_HELP =
      "change a removable medium, optional format, use -f to force the operation";
  static final String COMMIT_USAGE = "commit device|all";
  static final String COMMIT_HELP =
      "commit changes to the disk images (if -snapshot is used) or backing files";
  static final String INSPECT_USAGE = "qemu-io [-d] [device] \"[command]\"";
  static final String INSPECT_HELP =
      "run a qemu-io command on a block device\n"
          + "\t\t\t-d: [device] is a device ID rather than a drive ID or node name";

  static final String RESIZE_USAGE = "block_resize device size";
  static final String RESIZE_HELP = "resize a block image";
  static final String ADD_USAGE =
      """
      drive_add [-n] [[<domain>:]<bus>:]<slot>
      [file=file][,if=type][,bus=n]
      [,unit=m][,media=d][,index=i]
      [,snapshot=on|off][,cache=on|off]
      [,readonly=on|off][,copy-on-read=on|off]\
      """;
  static final String ADD_HELP = "add drive to PCI storage controller";
  static final String DELETE_USAGE = "drive_del device";
  static final String DELETE_HELP = "remove host block device";

  private final MonitorSubject.Drives drives;

  DriveWords(MonitorSubject.Drives drives) {
    this.drives = drives;
  }

  String eject(List<String> given) {
    return ArgumentWords.run(
        "eject",
        given,
        words -> {
          boolean force = words.takes('f');
          String drive = words.take("block device name");
          words.end();
          drives.eject(drive, force);
          return "";
        });
  }

  String change(List<String> given) {
    return ArgumentWords.run(
        "change",
        given,
        words -> {
          String drive = words.take("block device name");
          boolean force = words.takes('f');
          String filename = words.take("filename");
          String format = words.takeMore();
          String mode = words.takeMore();
          words.end();
          drives.change(drive, filename, format, mode, force);
          return "";
        });
  }

  String resize(List<String> given) {
    return ArgumentWords.run(
        "block_resize",
        given,
        words -> {
          String drive = words.take("block device name");
          long bytes = words.size();
          words.end();
          drives.resize(drive, bytes);
          return "";
        });
  }

  String add(List<String> given) {
    return ArgumentWords.run(
        "drive_add",
        given,
        words -> {
          boolean node = words.takes('n');
          words.take("string"); // a slot of PCI, from when a card came with the drive
          String options = words.take("string");
          words.end();
          return told(() -> drives.add(options, node), node ? "" : "OK\n");
        });
  }

  String delete(List<String> given) {
    return ArgumentWords.run(
        "drive_del",
        given,
        words -> {
          String name = words.take("block device name");
          words.end();
          return told(() -> drives.delete(name), "");
        });
  }

  /** What is done to a drive. */
  private interface Change {
    void run() throws BlockException;
  }

  /** These commands do not say of an error that it is one. */
  private static String told(Change change, String done) {
    try {
      change.run();
      return done;
    } catch (BlockException e) {
      return e.getMessage() + "\n";
    }
  }

  String commit(List<String> given) {
    return ArgumentWords.run(
        "commit",
        given,
        words -> {
          String drive = words.take("block device name");
          words.end();
          return drives.commit(drive);
        });
  }

  String inspect(List<String> given) {
    return ArgumentWords.run(
        "qemu-io",
        given,
        words -> {
          boolean device = words.takes('d');
          String image = words.take("block device name");
          String command = words.take("string");
          words.end();
          return drives.inspect(image, device, command);
        });
  }

  String describe(List<String> given) {
    return ArgumentWords.run(
        "info block",
        given,
        words -> {
          boolean detailed = false;
          boolean nodes = false;
          for (char option : words.options("block", "vn")) {
            detailed |= option == 'v';
            nodes |= option == 'n';
          }
          String one = words.takeMore();
          words.end();
          return drives.describe(one, nodes, detailed);
        });
  }
}
