// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BlockEvent;
import dev.strata.block.option.Printable;
import dev.strata.block.posix.Posix;
import dev.strata.block.posix.StandardStreams;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Where a tool's output and messages go. Messages come after the output printed before them; what
 * an image put into them does not steer the terminal.
 */
public final class Terminal {
  private final String program;
  private final PrintStream output;
  private final PrintStream errors;
  private final boolean standard;
  private final boolean ofProcess;

  /** A terminal for a program of that name; nobody sits in front of it. */
  public Terminal(String program, PrintStream output, PrintStream errors) {
    this(program, output, errors, false, false);
  }

  private Terminal(
      String program, PrintStream output, PrintStream errors, boolean standard, boolean ofProcess) {
    this.program = program;
    this.standard = standard;
    this.ofProcess = ofProcess;
    this.output = output;
    this.errors = errors;
  }

  /** The process's standard streams. */
  public static Terminal standard(String program) {
    var out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 8192);
    return new Terminal(
        program,
        new PrintStream(out, false, StandardCharsets.UTF_8),
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
        true,
        true);
  }

  /** The same without its standard output, which is for something else: all goes to the errors. */
  public Terminal withoutOutput() {
    return new Terminal(program, errors, errors, false, ofProcess);
  }

  /** The name in front of messages. */
  public String program() {
    return program;
  }

  /** Whether the output is shown as it is printed, on a line that can be printed again. */
  public boolean isInteractive() {
    return standard && StandardStreams.isTerminal(StandardStreams.OUTPUT);
  }

  /** Standard output, buffered. */
  public PrintStream out() {
    return output;
  }

  /** A message: {@code program: message}. */
  public void error(String message) {
    output.flush();
    errors.print(program + ": " + Printable.lines(message) + "\n");
    errors.flush();
  }

  /** A failure, with the line that tells what to do, if there is one. */
  public void error(BlockException failure) {
    error(Printable.of(failure.getMessage()));
    if (failure.hint() != null) {
      line(failure.hint());
    }
  }

  /** A line without the program's name. */
  public void line(String text) {
    output.flush();
    errors.print(Printable.lines(text) + "\n");
    errors.flush();
  }

  /**
   * A line without the program's name, and the last one: the process ends at once if this is its
   * terminal.
   */
  public void lastLine(String text) {
    line(text);
    if (ofProcess) {
      Posix.exit(1);
    }
  }

  /** What befalls a node, for a tool that would say nothing of most that can befall one. */
  public void hear(BlockEvent event) {
    if (event instanceof BlockEvent.ContentsDiffer(String node, String message)) {
      lastLine(message);
    }
  }

  /**
   * A line from the block layer. As with the reference, a warning bears the program's name, as does
   * what curl says; the rest is about images and bears none.
   */
  public void note(String line) {
    if (line.startsWith("warning: ") || line.startsWith("curl: ")) {
      error(line);
    } else {
      line(line);
    }
  }

  /** A message for wrong usage, with the pointer to the help. */
  public void usage(String message) {
    error(message);
    line("Try '" + program + " --help' for more information");
  }

  /** Writes out what is buffered. */
  public void flush() {
    output.flush();
  }
}
