// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class CorpusSampleTest {
  private static final List<CorpusCase> CASES =
      CaseFile.parse(
          "f",
          """
          * letter: a
              b
              c
              d
          * number: 1
              2
              3
          == {letter}{number}
          $ {letter} {number}
          == alone
          $ x
          == few {number}
          $ {number}
          """);

  @Test
  void everyFirstIsAll() {
    assertEquals(CASES, CorpusSample.of(CASES, 1));
  }

  @Test
  void aMatrixIsThinnedOutAndTheRestStaysWhole() {
    List<String> titles = CorpusSample.of(CASES, 4).stream().map(CorpusCase::title).toList();
    assertEquals(List.of("alone", "few 1", "few 2", "few 3"), titles.subList(3, titles.size()));
    assertEquals(3, titles.stream().map(title -> title.charAt(0)).limit(3).distinct().count());
    assertTrue(CASES.stream().map(CorpusCase::title).toList().containsAll(titles));
  }
}
