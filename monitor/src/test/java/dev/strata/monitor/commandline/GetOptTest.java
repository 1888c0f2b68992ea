// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GetOptTest {
  private static final List<GetOpt.Long> LONG =
      List.of(
          new GetOpt.Long("cmd", true, 'c'),
          new GetOpt.Long("copy-on-read", false, 'C'),
          new GetOpt.Long("cache", true, 't'),
          new GetOpt.Long("nocache", false, 'n'));

  private final List<String> errors = new ArrayList<>();

  /** The options read, as {@code key=argument}, and behind a bar the operands. */
  private String read(boolean operandsLast, String... words) {
    var getopt = new GetOpt("p", List.of(words), "c:nq", LONG, operandsLast, errors::add);
    var seen = new StringBuilder();
    for (int key = getopt.next(); key != GetOpt.END; key = getopt.next()) {
      seen.append((char) key).append('=').append(getopt.argument()).append(' ');
    }
    return seen.append('|').append(String.join(",", getopt.operands())).toString();
  }

  @Test
  void optionsStandBehindOperands() {
    assertEquals("n= c=x |a,b", read(false, "a", "-n", "b", "-c", "x"));
  }

  @Test
  void firstOperandEndsOptionsIfPosixIsWanted() {
    assertEquals("n= |a,-q", read(true, "-n", "a", "-q"));
  }

  @Test
  void doubleDashEndsOptions() {
    assertEquals("n= |a,-q", read(false, "-n", "--", "a", "-q"));
  }

  @Test
  void lettersAreJoinedAndArgumentsToo() {
    assertEquals("n= q= c=xy |", read(false, "-nqcxy"));
  }

  @Test
  void singleDashIsAnOperand() {
    assertEquals("|-", read(false, "-"));
  }

  @Test
  void longNamesAreAbbreviated() {
    assertEquals("C= t=none c=x |", read(false, "--co", "--ca=none", "--cm", "x"));
  }

  @Test
  void mistakesAreToldInTheWordsOfTheCLibrary() {
    read(false, "-x");
    read(false, "-c");
    read(false, "--cmd");
    read(false, "--foo=1");
    read(false, "--c");
    read(false, "--nocache=1");
    assertEquals(
        List.of(
            "p: invalid option -- 'x'",
            "p: option requires an argument -- 'c'",
            "p: option '--cmd' requires an argument",
            "p: unrecognized option '--foo'",
            "p: option '--c' is ambiguous; possibilities: '--cmd' '--copy-on-read' '--cache'",
            "p: option '--nocache' doesn't allow an argument"),
        errors);
  }
}
