// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;
import java.util.ArrayList;
import java.util.List;
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

  private final MonitorCommands.Drives drives;

  DriveWords(MonitorCommands.Drives drives) {
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
