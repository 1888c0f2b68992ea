// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.corpus;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Chooses a part of the corpus, the same each time. The cases that one title and its lists stand
 * for are thinned out; a few of them, or a case of its own, stay whole. So every title is run, with
 * some of its values.
 */
final class CorpusSample {
  private static final int SMALL = 4;

  private CorpusSample() {}

  /**
   * Returns about every n-th case of each matrix in the order given.
   *
   * @param every 1 for all cases
   */
  static List<CorpusCase> of(List<CorpusCase> cases, int every) {
    Map<String, List<CorpusCase>> matrices = new LinkedHashMap<>();
    for (CorpusCase each : cases) {
      matrices.computeIfAbsent(each.file() + ":" + each.line(), key -> new ArrayList<>()).add(each);
    }
    List<CorpusCase> chosen = new ArrayList<>();
    for (List<CorpusCase> matrix : matrices.values()) {
      if (matrix.size() <= SMALL || every == 1) {
        chosen.addAll(matrix);
        continue;
      }
      // A step without a factor in common with the matrix's width meets every value of each list in
      // turn, where plain every n-th would meet the same columns again and again.
      int step = every;
      while (greatestCommonDivisor(step, matrix.size()) != 1) {
        step++;
      }
      int count = (matrix.size() + every - 1) / every;
      List<Integer> indices = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        indices.add((int) ((long) i * step % matrix.size()));
      }
      indices.stream().sorted().forEach(index -> chosen.add(matrix.get(index)));
    }
    return chosen;
  }

  private static int greatestCommonDivisor(int a, int b) {
    return b == 0 ? a : greatestCommonDivisor(b, a % b);
  }
}
