// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import dev.strata.block.BlockException;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockBackend;
import dev.strata.testimages.crash.ImageKind;
import dev.strata.testimages.crash.Judge;
import dev.strata.testimages.crash.MemoryFiles;
import dev.strata.testimages.crash.Stage;
import dev.strata.testimages.crash.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is in the files at a moment in the middle of everything: what would be left if the program
 * were killed there.
 *
 * @param time by the contest's clock
 * @param files their content, by name
 */
record Killed(int time, Map<String, byte[]> files) {
  /**
   * Throws a {@link Violation} if it is corrupt or has lost what was flushed.
   *
   * @param before what each block held at first
   * @param below what the backing file holds
   * @param accesses what was done, with the flushes; empty if blocks have other ways to change
   */
  void judge(ImageKind kind, long[] before, long[] below, List<Access> accesses)
      throws BlockException {
    var copies = new MemoryFiles();
    files.forEach((name, bytes) -> copies.put(name, bytes));
    var stage = new Stage(copies);
    if (Judge.isDirty(kind, files.getOrDefault(Stage.IMAGE, new byte[0])) || kind.replaysLog()) {
      stage.open(kind.format(), Stage.IMAGE, Stage.WRITABLE).close(); // which puts it right
    }
    try (BlockBackend disk = stage.open(kind.format(), Stage.IMAGE, NodeFlags.READ_ONLY)) {
      var findings = new Stage.Findings();
      Checkable.Result result = Judge.check(disk, Checkable.Repair.NONE, findings);
      if (result.corruptions() + result.checkErrors() > 0) {
        for (String line : findings.lines()) {
          if (!Judge.isHarmless(kind, line, findings.lines())) {
            throw new Violation("killed at " + time + ", a check finds " + findings.first());
          }
        }
      }
      long[] now = Stage.values(disk);
      for (int block = 0; !accesses.isEmpty() && block < now.length; block++) {
        long shining = block < below.length ? below[block] : 0;
        if (!allowed(block, before[block], shining, accesses).contains(now[block])) {
          var text = new StringBuilder("killed at " + time + ", block " + block + " holds ");
          text.append(Long.toHexString(now[block])).append(", of");
          for (Access access : accesses) {
            if (access.touches(block) || access.kind() == Access.Kind.FLUSH) {
              text.append("\n    ").append(access.describe(block));
            }
          }
          throw new Violation(text.toString());
        }
      }
    }
  }

  /** When the last flush began that had ended by then; 0 if there was none. */
  private int flushed(List<Access> accesses) {
    int began = 0;
    for (Access access : accesses) {
      if (access.kind() == Access.Kind.FLUSH && access.end() <= time) {
        began = Math.max(began, access.start());
      }
    }
    return began;
  }

  /** What a block may hold: nothing that was written over before the last flush began. */
  private List<Long> allowed(int block, long before, long below, List<Access> accesses) {
    int flushed = flushed(accesses);
    int last = 0; // when the last of what is safe began
    for (Access access : accesses) {
      if (access.touches(block) && access.end() < flushed && replaces(access)) {
        last = Math.max(last, access.start());
      }
    }
    var values = new ArrayList<Long>();
    if (last == 0) {
      values.add(before);
    }
    for (Access access : accesses) {
      if (!access.touches(block) || access.start() > time || access.end() < last) {
        continue;
      }
      switch (access.kind()) {
        case WRITE -> values.add(access.value(block));
        case ZERO -> values.add(0L);
        case DISCARD -> values.addAll(List.of(0L, below));
        case READ, CUT, GROW, KEEP, BRING_BACK, LOOK, FLUSH -> {}
      }
    }
    return values;
  }

  private static boolean replaces(Access access) {
    return !access.failed()
        && (access.kind() == Access.Kind.WRITE || access.kind() == Access.Kind.ZERO);
  }

  /** Copies of all files now. */
  static Killed at(int time, MemoryFiles files) {
    return new Killed(time, new TreeMap<>(files.contents()));
  }
}
