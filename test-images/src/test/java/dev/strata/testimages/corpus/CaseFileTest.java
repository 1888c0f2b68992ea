// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.testimages.corpus.CorpusCase.Step;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class CaseFileTest {
  @Test
  void aLinesFirstCharacterSaysWhatItIs() {
    CorpusCase read =
        CaseFile.parse(
                "f",
                """
                # comment
                == title
                ~ raw-files
                = noise 2k 7
                + set up
                & qemu-io a
                $ tested
                """)
            .getFirst();
    assertEquals("f/title", read.name());
    assertEquals(Set.of(CorpusCase.Allowance.RAW_FILES), read.allowances());
    assertEquals(
        List.of(
            new Step.Noise("noise", 2048, 7),
            new Step.Setup("set up"),
            new Step.Holder("qemu-io a"),
            new Step.Tested("tested")),
        read.steps());
  }

  @Test
  void aListMakesOneCasePerValueAndSeveralListsEveryCombination() {
    List<CorpusCase> read =
        CaseFile.parse(
            "f",
            """
            * n: 1
                2
            * letter: first => a
                second => b
            == {n} things
            $ {n} {letter}
            """);
    assertEquals(
        List.of("1 things | first", "1 things | second", "2 things | first", "2 things | second"),
        read.stream().map(CorpusCase::title).toList());
    assertEquals(List.of(new Step.Tested("2 b")), read.getLast().steps());
  }

  @Test
  void whatIsNotUnderstoodIsAnErrorWithItsPlace() {
    IllegalArgumentException thrown =
        assertThrows(IllegalArgumentException.class, () -> CaseFile.parse("f", "== a\nqemu-img\n"));
    assertEquals("f.cases:2: not understood: qemu-img", thrown.getMessage());
  }

  @Test
  void aListNameThatDoesNotExistIsAnError() {
    assertThrows(
        IllegalArgumentException.class, () -> CaseFile.parse("f", "== a {nosuch}\n$ x {nosuch}\n"));
  }

  @Test
  void oneTitleTwiceIsAnError() {
    assertThrows(
        IllegalArgumentException.class, () -> CaseFile.parse("f", "== a\n$ x\n== a\n$ y\n"));
  }
}
