// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;
import java.util.List;

/** What can be said about snapshots of the machine. */
final class SnapshotWords {
  static final String SAVE_USAGE = "savevm tag";
  static final String SAVE_HELP =
      "save a VM snapshot. If no tag is provided, a new snapshot is created";
  static final String LOAD_USAGE = "loadvm tag";
  static final String LOAD_HELP = "restore a VM snapshot from its tag";
  static final String DELETE_USAGE = "delvm tag";
  static final String DELETE_HELP = "delete a VM snapshot from its tag";

  private final MonitorSubject.Snapshots snapshots;

  SnapshotWords(MonitorSubject.Snapshots snapshots) {
    this.snapshots = snapshots;
  }

  String save(List<String> words) {
    return Answer.of(() -> snapshots.save(words.isEmpty() ? null : words.getFirst()));
  }

  String load(List<String> words) {
    return words.isEmpty()
        ? MonitorCommands.misused("loadvm", "loadvm: string expected")
        : Answer.of(() -> snapshots.load(words.getFirst()));
  }

  String delete(List<String> words) {
    return words.isEmpty()
        ? MonitorCommands.misused("delvm", "delvm: string expected")
        : Answer.of(() -> snapshots.delete(words.getFirst()));
  }

  String describe() {
    try {
      return snapshots.describe();
    } catch (BlockException e) {
      return e.getMessage() + "\n";
    }
  }
}
