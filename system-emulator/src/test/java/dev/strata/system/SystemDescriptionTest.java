// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.monitor.commandline.OptionTable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SystemDescriptionTest {
  static Stream<OptionTable.Entry> options() {
    return new SystemDescription().options().entries().stream();
  }

  /** What the help tells is what the program understands, by each of its names. */
  @ParameterizedTest
  @MethodSource("options")
  void everyOptionIsUnderstood(OptionTable.Entry option) {
    var names = new ArrayList<String>();
    if (option.letter() != null) {
      names.add(option.letter());
    }
    if (option.name() != null) {
      names.add("--" + option.name());
      names.add("-" + option.name());
    }
    if (option.name() != null && option.argument() != null) {
      understood(List.of("--" + option.name() + "=none"));
    }
    for (String name : names) {
      List<String> words = option.argument() == null ? List.of(name) : List.of(name, "none");
      understood(words);
    }
  }

  /** What follows an option may be refused; the option itself may not. */
  private static void understood(List<String> words) {
    try {
      CommandLine.parse(words);
    } catch (BlockException e) {
      assertFalse(String.valueOf(e.getMessage()).contains("invalid option"), e.getMessage());
      assertFalse(String.valueOf(e.getMessage()).contains("requires"), e.getMessage());
    }
  }

  @Test
  void aDiskNeedsNoOption() {
    assertDoesNotThrow(() -> assertEquals(1, CommandLine.parse(List.of("disk.raw")).drives.size()));
  }

  /** Nothing is taken and then ignored. */
  @ParameterizedTest
  @ValueSource(strings = {"-full-screen", "-enable-kvm", "--nographic=on"})
  void whatIsNotThereIsRefused(String option) {
    assertThrows(BlockException.class, () -> CommandLine.parse(List.of(option)));
  }
}
