// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.corpus;

import java.util.List;
import java.util.Set;

/**
 * One case of the corpus: what is set up, and which command lines must do the same in both tools.
 *
 * @param file the case file's name without its extension, for example {@code create}
 * @param title says what the case shows; unique in its file
 * @param line where in the case file it begins, from 1
 * @param allowances differences that this case permits, beyond what {@link VaryingText} always
 *     hides
 */
record CorpusCase(
    String file, String title, int line, Set<Allowance> allowances, List<Step> steps) {

  /** One line of a case, in the order of execution. */
  sealed interface Step {
    /** Shell line that makes the scene, always with the real tools; it must succeed. */
    record Setup(String command) implements Step {}

    /** Shell line under test. */
    record Tested(String command) implements Step {}

    /** A real {@code qemu-io} that holds an image open until the case ends. */
    record Holder(String command) implements Step {}

    /** A file of incompressible bytes, the same ones for the same seed. */
    record Noise(String fileName, long sizeBytes, long seed) implements Step {}
  }

  /** A difference that one case may permit; each needs a reason in the case file. */
  enum Allowance {
    /** Of the lines of progress only the first and the last count. */
    PROGRESS,
    /** Which clusters are allocated, and how, is left to the tool. */
    ALLOCATION,
    /** Host offsets printed by map, bitmap directories and the like are left to the tool. */
    OFFSETS,
    /** Order of the lines on stdout is left to the tool: requests run at the same time. */
    ORDER,
    /** Plain files that are not images (logs, data files of qcow2 images) may differ in bytes. */
    RAW_FILES
  }

  /** Returns {@code file/title}, by which the case is known in reports and filters. */
  String name() {
    return file + "/" + title;
  }

  /** Returns how many command lines of this case are under test. */
  int testedLines() {
    int count = 0;
    for (Step step : steps) {
      if (step instanceof Step.Tested) {
        count++;
      }
    }
    return count;
  }
}
