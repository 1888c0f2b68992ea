// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What can be said about serving disks by NBD. */
final class ServerWords {
  static final String START = "nbd_server_start";
  static final String START_USAGE = START + " " + START + " [-a] [-w] host:port";
  static final String START_HELP = "serve block devices on the given host and port";
  static final String ADD = "nbd_server_add";
  static final String ADD_USAGE = ADD + " " + ADD + " [-w] device [name]";
  static final String ADD_HELP = "export a block device via NBD";
  static final String REMOVE = "nbd_server_remove";
  static final String REMOVE_USAGE = REMOVE + " " + REMOVE + " [-f] name";
  static final String REMOVE_HELP = "remove an export previously exposed via NBD";
  static final String STOP = "nbd_server_stop";
  static final String STOP_USAGE = STOP + " " + STOP;
  static final String STOP_HELP = "stop serving block devices using the NBD protocol";

  private static final String ALL = "-a";
  private static final String WRITABLE = "-w";
  private static final String FORCE = "-f";

  private final MonitorSubject.DiskServer server;

  ServerWords(MonitorSubject.DiskServer server) {
    this.server = server;
  }

  String start(List<String> words) {
    return run(
        START,
        "string expected",
        words,
        Set.of(ALL, WRITABLE),
        1,
        (flags, names) -> {
          boolean writable = flags.contains(WRITABLE);
          if (writable && !flags.contains(ALL)) {
            return "Error: -w only valid together with -a\n";
          }
          server.start(names.getFirst());
          if (flags.contains(ALL)) {
            server.addAll(writable);
          }
          return "";
        });
  }

  String add(List<String> words) {
    return run(
        ADD,
        "block device name expected",
        words,
        Set.of(WRITABLE),
        2,
        (flags, names) -> {
          String name = names.size() > 1 ? names.get(1) : null;
          server.add(names.getFirst(), name, flags.contains(WRITABLE));
          return "";
        });
  }

  String remove(List<String> words) {
    return run(
        REMOVE,
        "string expected",
        words,
        Set.of(FORCE),
        1,
        (flags, names) -> {
          server.remove(names.getFirst(), flags.contains(FORCE));
          return "";
        });
  }

  String stop(List<String> words) {
    return run(
        STOP,
        null,
        words,
        Set.of(),
        0,
        (flags, names) -> {
          server.stop();
          return "";
        });
  }

  private interface Action {
    String run(List<String> flags, List<String> names) throws BlockException;
  }

  /**
   * Runs a command.
   *
   * @param missing what is said if there is no name; null if none is needed
   * @param most how many names there may be
   */
  private static String run(
      String command,
      @Nullable String missing,
      List<String> words,
      Set<String> known,
      int most,
      Action action) {
    var flags = new ArrayList<String>();
    var names = new ArrayList<String>();
    for (String word : words) {
      if (names.isEmpty() && word.startsWith("-")) {
        if (!known.contains(word)) {
          return MonitorCommands.misused(command, command + ": unsupported option " + word);
        }
        flags.add(word);
      } else {
        names.add(word);
      }
    }
    if (missing != null && names.isEmpty()) {
      return MonitorCommands.misused(command, command + ": " + missing);
    }
    if (names.size() > most) {
      return MonitorCommands.misused(
          command, command + ": extraneous characters at the end of line");
    }
    try {
      return action.run(flags, names);
    } catch (BlockException e) {
      return "Error: " + e.getMessage() + "\n";
    }
  }
}
