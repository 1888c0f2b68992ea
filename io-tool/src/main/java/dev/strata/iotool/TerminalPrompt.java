// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool;

import dev.strata.iotool.command.Commands;
import dev.strata.iotool.command.Session;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/** The prompt on a terminal, with line editing, history and completion of command names. */
final class TerminalPrompt {
  private TerminalPrompt() {}

  /**
   * Asks for commands and runs them until the user leaves.
   *
   * @return whether all succeeded
   */
  static boolean run(Session session, String prompt) {
    // The other ways to a terminal load native code, which the JVM warns of.
    try (Terminal terminal = TerminalBuilder.builder().system(true).provider("exec").build()) {
      LineReader reader =
          LineReaderBuilder.builder()
              .terminal(terminal)
              .completer(new StringsCompleter(Commands.names()))
              .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
              .build();
      if (terminal.getWidth() == 0) {
        // Made by a program that did not say how large it is.
        terminal.setSize(new Size(80, 24));
      }
      boolean succeeded = true;
      while (!session.wantsToQuit()) {
        session.flushOutput();
        String line = session.printingResults(() -> readLine(reader, prompt));
        if (line == null) {
          break;
        }
        succeeded &= session.run(line);
      }
      return succeeded;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A line, or null if the user leaves. */
  private static @Nullable String readLine(LineReader reader, String prompt) {
    try {
      return reader.readLine(prompt);
    } catch (EndOfFileException | UserInterruptException e) {
      return null;
    }
  }
}
