// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;
import dev.strata.block.option.Size;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

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

  private static final Pattern SIZE =
      Pattern.compile("(0[xX][0-9a-fA-F]+|[0-9]+(?:\\.[0-9]*)?)([bBkKmMgGtTpPeE]?)(.*)");
  private static final int MEBIBYTES = 20; // what a number without a suffix counts, as a shift

  private final MonitorSubject.Drives drives;

  DriveWords(MonitorSubject.Drives drives) {
    this.drives = drives;
  }

  /** A command's words, of which those in the middle may be options. */
  private static final class Words {
    private final String command;
    private final List<String> left;

    Words(String command, List<String> words) {
      this.command = command;
      this.left = new ArrayList<>(words);
    }

    /** Takes an option of that letter, which may stand next. */
    boolean takes(char letter) throws MisusedException {
      boolean there = !left.isEmpty() && left.getFirst().startsWith("-");
      if (there) {
        String option = left.removeFirst();
        if (!option.equals("-" + letter)) {
          throw new MisusedException(command, command + ": unsupported option " + option);
        }
      }
      return there;
    }

    /** Takes what has to be there. */
    String take(String what) throws MisusedException {
      if (left.isEmpty()) {
        throw new MisusedException(command, command + ": " + what + " expected");
      }
      return left.removeFirst();
    }

    /** Takes what may be there. */
    @Nullable String takeMore() {
      return left.isEmpty() ? null : left.removeFirst();
    }

    void end() throws MisusedException {
      if (!left.isEmpty()) {
        throw new MisusedException(command, command + ": extraneous characters at the end of line");
      }
    }
  }

  /** A command is not understood. */
  @SuppressWarnings("serial")
  private static final class MisusedException extends Exception {
    MisusedException(String command, String why) {
      super(MonitorCommands.misused(command, why));
    }
  }

  private interface Parsed {
    String run(Words words) throws MisusedException, BlockException;
  }

  private static String run(String command, List<String> given, Parsed parsed) {
    try {
      return parsed.run(new Words(command, given));
    } catch (MisusedException e) {
      return String.valueOf(e.getMessage());
    } catch (BlockException e) {
      return "Error: " + e.getMessage() + "\n";
    }
  }

  String eject(List<String> given) {
    return run(
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
    return run(
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
    return run(
        "block_resize",
        given,
        words -> {
          String drive = words.take("block device name");
          long bytes = size(words);
          words.end();
          drives.resize(drive, bytes);
          return "";
        });
  }

  private static long size(Words words) throws MisusedException {
    String text = words.takeMore();
    Matcher parts = SIZE.matcher(text == null ? "" : text);
    if (!parts.matches()) {
      throw new MisusedException("block_resize", "invalid size");
    }
    long bytes;
    try {
      bytes = Size.parse(parts.group(1) + parts.group(2), MEBIBYTES);
    } catch (BlockException e) {
      bytes = -1;
    }
    if (bytes < 0) {
      throw new MisusedException("block_resize", "invalid size");
    }
    String rest = parts.group(3);
    if (rest != null && !rest.isEmpty()) {
      words.left.addFirst(rest);
    }
    return bytes;
  }

  String add(List<String> given) {
    return run(
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
    return run(
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
    return run(
        "commit",
        given,
        words -> {
          String drive = words.take("block device name");
          words.end();
          return drives.commit(drive);
        });
  }

  String inspect(List<String> given) {
    return run(
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
    return run(
        "info block",
        given,
        words -> {
          boolean detailed = false;
          boolean nodes = false;
          while (!words.left.isEmpty() && words.left.getFirst().startsWith("-")) {
            String option = words.left.removeFirst();
            switch (option) {
              case "-v" -> detailed = true;
              case "-n" -> nodes = true;
              default ->
                  throw new MisusedException("info block", "block: unsupported option " + option);
            }
          }
          String one = words.takeMore();
          words.end();
          return drives.describe(one, nodes, detailed);
        });
  }
}
