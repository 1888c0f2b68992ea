// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool;

import dev.strata.block.posix.Posix;
import dev.strata.iotool.command.Session;
import dev.strata.monitor.commandline.Training;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The program {@code qemu-io}: runs commands on an image. */
public final class QemuIo {
  /** What C's standard output buffers where nobody watches; it decides how the streams mix. */
  private static final int OUTPUT_BUFFER = 4096;

  private static final String PROMPT = "qemu-io> ";

  private final InputStream input;
  private final PrintStream output;
  private final PrintStream errors;
  private final boolean endsProcess;

  QemuIo(InputStream input, PrintStream output, PrintStream errors) {
    this(input, output, errors, false);
  }

  private QemuIo(InputStream input, PrintStream output, PrintStream errors, boolean endsProcess) {
    this.input = input;
    this.output = output;
    this.errors = errors;
    this.endsProcess = endsProcess;
  }

  /** Runs the program. */
  public static void main(String[] arguments) throws IOException {
    Path training = Training.commandLines();
    if (training != null) {
      TrainingImages.create();
      // Words are separated by spaces there, and so are a command's.
      Training.run(
          training,
          words -> {
            var unescaped = new String[words.length];
            for (int i = 0; i < words.length; i++) {
              unescaped[i] = words[i].replace('~', ' ');
            }
            return run(unescaped);
          });
      return;
    }
    // Not System.exit: there is nothing to shut down, and idle threads shall not delay the end.
    Posix.exit(run(arguments));
  }

  /**
   * Runs the program within this process, with its standard streams; may be called again, unless
   * the images turn out to differ that a filter compares.
   *
   * @return the exit code
   */
  public static int run(String[] arguments) {
    boolean watched = isTerminal(1);
    var out = new FileOutputStream(FileDescriptor.out);
    var err = new FileOutputStream(FileDescriptor.err);
    OutputStream buffered = new BufferedOutputStream(out, OUTPUT_BUFFER);
    var output = new PrintStream(buffered, watched, StandardCharsets.UTF_8);
    var errors = new PrintStream(err, true, StandardCharsets.UTF_8);
    boolean interactive = watched && isTerminal(0);
    var input = new BufferedInputStream(new FileInputStream(FileDescriptor.in));
    return new QemuIo(input, output, errors, true).run(arguments, interactive);
  }

  /**
   * Runs the program within this process, for nobody to watch; may be called again.
   *
   * @param output takes what would go to the standard output
   * @param errors takes what would go to the standard error
   * @return the exit code
   */
  public static int run(String[] arguments, PrintStream output, PrintStream errors) {
    return new QemuIo(InputStream.nullInputStream(), output, errors).run(arguments, false);
  }

  /** Whether a standard stream is a terminal; where the system does not tell so, none is. */
  private static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  int run(String[] arguments, boolean interactive) {
    String program = System.getProperty("strata.program", "qemu-io");
    boolean operandsLast = System.getenv("POSIXLY_CORRECT") != null;
    boolean succeeded = true;
    var session = new Session(program, output, errors, operandsLast);
    if (endsProcess) {
      session.endProcess();
    }
    try {
      var line = new CommandLine(session);
      switch (line.parse(program, arguments, operandsLast)) {
        case DONE -> {
          return 0;
        }
        case FAILED -> {
          return 1;
        }
        case RUN -> {}
      }
      if (!line.open()) {
        return 1;
      }
      if (!line.commands().isEmpty()) {
        for (String command : line.commands()) {
          if (session.wantsToQuit()) {
            break;
          }
          succeeded &= session.run(command);
        }
      } else if (interactive) {
        succeeded = TerminalPrompt.run(session, PROMPT);
      } else {
        succeeded = runInput(session);
      }
    } finally {
      succeeded &= session.end();
      output.flush();
    }
    return succeeded ? 0 : 1;
  }

  private boolean runInput(Session session) {
    boolean succeeded = true;
    while (!session.wantsToQuit()) {
      output.print(PROMPT);
      output.flush();
      String line = nextLine(session);
      if (line == null) {
        break;
      }
      succeeded &= session.run(line);
    }
    return succeeded;
  }

  private @Nullable String nextLine(Session session) {
    try {
      // Commands that are there already come before results, as with the reference.
      return input.available() > 0 ? readLine() : session.printingResults(this::readLine);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A line without its end, or null at the end of the input. */
  private @Nullable String readLine() {
    var bytes = new ByteArrayOutputStream();
    try {
      int next = input.read();
      if (next < 0) {
        return null;
      }
      for (; next >= 0 && next != '\n'; next = input.read()) {
        bytes.write(next);
      }
    } catch (IOException e) {
      // As the end: a terminal that has gone answers so.
      return null;
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
