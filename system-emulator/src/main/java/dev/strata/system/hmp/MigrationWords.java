// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import java.util.ArrayList;
import java.util.List;

/** What can be said about moving the machine to another process, and from one. */
final class MigrationWords {
  static final String START_USAGE = "migrate [-d] uri";
  static final String START_HELP = "move the machine to another process, or begin to (-d)";
  static final String CANCEL_USAGE = "migrate_cancel ";
  static final String CANCEL_HELP = "give the move up";
  static final String CONTINUE_USAGE = "migrate_continue state";
  static final String CONTINUE_HELP = "go on with a move that waits in that state";
  static final String INCOMING_USAGE = "migrate_incoming uri";
  static final String INCOMING_HELP = "say where the machine comes from (-incoming defer)";
  static final String CAPABILITY_USAGE = "migrate_set_capability capability state";
  static final String CAPABILITY_HELP = "want something of moves (on), or not (off)";
  static final String PARAMETER_USAGE = "migrate_set_parameter parameter value";
  static final String PARAMETER_HELP = "set a parameter of moves";
  static final String POSTCOPY_USAGE = "migrate_start_postcopy ";
  static final String POSTCOPY_HELP =
      "stop the machine and move what is left of it (with the capability dirty-bitmaps)";

  private final Migrations migrations;

  MigrationWords(Migrations migrations) {
    this.migrations = migrations;
  }

  String start(List<String> words) {
    boolean detached = false;
    var names = new ArrayList<String>();
    for (String word : words) {
      switch (names.isEmpty() ? word : "") {
        case "-d" -> detached = true;
        case "-b", "-i", "-r" -> {
          return "Error: '" + word + "' is not supported\n";
        }
        default -> {
          if (names.isEmpty() && word.startsWith("-")) {
            return MonitorCommands.misused("migrate", "migrate: unsupported option " + word);
          }
          names.add(word);
        }
      }
    }
    if (names.isEmpty()) {
      return MonitorCommands.misused("migrate", "migrate: string expected");
    }
    boolean later = detached;
    return Answer.of(() -> migrations.start(names.getFirst(), later));
  }

  String cancel(List<String> words) {
    return Answer.of(migrations::cancel);
  }

  String proceed(List<String> words) {
    return words.isEmpty()
        ? MonitorCommands.misused("migrate_continue", "migrate_continue: string expected")
        : Answer.of(() -> migrations.goOn(words.getFirst()));
  }

  String incoming(List<String> words) {
    return words.isEmpty()
        ? MonitorCommands.misused("migrate_incoming", "migrate_incoming: string expected")
        : Answer.of(() -> migrations.expect(words.getFirst()));
  }

  String capability(List<String> words) {
    String command = "migrate_set_capability";
    if (words.isEmpty()) {
      return MonitorCommands.misused(command, command + ": string expected");
    }
    if (words.size() < 2 || !(words.get(1).equals("on") || words.get(1).equals("off"))) {
      return MonitorCommands.misused(command, "Expected 'on' or 'off'");
    }
    return Answer.of(() -> migrations.want(words.getFirst(), words.get(1).equals("on")));
  }

  String parameter(List<String> words) {
    String command = "migrate_set_parameter";
    return words.size() < 2
        ? MonitorCommands.misused(command, command + ": string expected")
        : Answer.of(() -> migrations.parameter(words.getFirst(), words.get(1)));
  }

  String startPostcopy(List<String> words) {
    return Answer.of(migrations::startPostcopy);
  }
}
