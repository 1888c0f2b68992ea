// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Subcommand;
import dev.strata.monitor.commandline.Terminal;
import java.util.List;
import picocli.CommandLine.ParseResult;

/** {@code strata completion}. */
final class CompletionCommand implements Subcommand {
  private final Strata strata;

  CompletionCommand(Strata strata) {
    this.strata = strata;
  }

  @Override
  public OptionTable options() {
    return new OptionTable().with('h', "help", null, "show this help and end").operand("bash|zsh");
  }

  @Override
  public Description describe() {
    return Description.of(
        "prints a script that has the shell complete command lines",
        "It completes commands, options, formats, the options of formats, and files.",
        "source <(strata completion bash)",
        "completes in this shell; in ~/.bashrc, in every new one",
        "strata completion zsh > ~/.zfunc/_strata",
        "completes in zsh, if ~/.zfunc is in its fpath before compinit runs");
  }

  @Override
  public int run(List<String> words, Terminal terminal) {
    ParseResult given = Strata.parse("completion", this, words, terminal);
    if (given == null || given.isUsageHelpRequested()) {
      return given == null ? 1 : 0;
    }
    switch (given.matchedPositionalValue(0, "")) {
      case "bash" -> terminal.out().print(BashCompletion.of(strata.pages()));
      case "zsh" -> terminal.out().print(ZshCompletion.of(strata.pages()));
      default -> {
        terminal.error("Expecting bash or zsh");
        return 1;
      }
    }
    return 0;
  }
}
