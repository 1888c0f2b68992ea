// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;
import dev.strata.system.log.EventLog;
import dev.strata.system.log.LogChoice;
import java.util.List;

/** The monitor's words about the machine's log. */
final class LogCommands {
  static final String ITEMS_USAGE = "log item1[,...]";
  static final String ITEMS_HELP = "activate logging of the specified items";
  static final String FILE_USAGE = "logfile filename";
  static final String FILE_HELP = "output logs to 'filename'";
  private static final String EXTRANEOUS = ": extraneous characters at the end of line";

  private final EventLog log;

  LogCommands(EventLog log) {
    this.log = log;
  }

  String items(List<String> words) {
    if (words.isEmpty()) {
      return MonitorCommands.misused("log", "log: string expected");
    }
    if (words.size() > 1) {
      return MonitorCommands.misused("log", "log" + EXTRANEOUS);
    }
    String names = words.getFirst();
    try {
      log.choose(names.equals("none") ? LogChoice.NOTHING : LogChoice.of(names));
      return "";
    } catch (LogChoice.UnknownItemException e) {
      return LogChoice.monitorHelp();
    } catch (BlockException e) {
      return e.getMessage() + "\n";
    }
  }

  String file(List<String> words) {
    if (words.isEmpty()) {
      return MonitorCommands.misused("logfile", "logfile: filename expected");
    }
    if (words.size() > 1) {
      return MonitorCommands.misused("logfile", "logfile" + EXTRANEOUS);
    }
    try {
      log.to(words.getFirst());
      return "";
    } catch (BlockException e) {
      return e.getMessage() + "\n";
    }
  }
}
