// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BlockEvent;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Printable;
import dev.strata.block.posix.Posix;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What commands work with: the open image, the requests in the background, the output.
 *
 * <p>For one thread; requests in the background run on others, their results are printed by the
 * session's thread, or while it waits for input.
 */
public final class Session implements AutoCloseable {
  private final String program;
  private final PrintStream output;
  private final PrintStream errors;
  private boolean untrusted;
  private final boolean operandsLast;
  private final AsyncRequests requests = new AsyncRequests();
  private final List<String> awaitedTags = new ArrayList<>();
  private final ObjectRegistry objects = new ObjectRegistry();
  private final StringBuilder failures = new StringBuilder(); // for who is at a monitor
  private final boolean ofMonitor;
  private @Nullable BlockGraph graph;
  private @Nullable BlockBackend backend;
  private boolean endsProcess;
  private boolean misaligned;
  private boolean quit;

  /**
   * A session without an image.
   *
   * @param program the program's name, for messages
   * @param operandsLast whether options end at the first operand, as POSIX has it
   */
  public Session(String program, PrintStream output, PrintStream errors, boolean operandsLast) {
    this(program, output, errors, operandsLast, false);
  }

  private Session(
      String program,
      PrintStream output,
      PrintStream errors,
      boolean operandsLast,
      boolean ofMonitor) {
    this.program = program;
    this.output = output;
    this.errors = errors;
    this.operandsLast = operandsLast;
    this.ofMonitor = ofMonitor;
  }

  /** A session on images in a graph that another opens and closes. */
  public static Session within(BlockGraph graph, PrintStream output, PrintStream errors) {
    var session = new Session("qemu-io", output, errors, false, true);
    session.graph = graph;
    return session;
  }

  /**
   * Runs the command that a line holds on an image that another closes.
   *
   * @param kept whether requests in the background may go on after this returns
   * @return what went wrong, in lines, as far as it is not printed among the results
   */
  public String runOn(BlockBackend image, boolean kept, String line) {
    backend = image;
    try {
      requests.printAtOnce(output);
      run(line);
      if (!kept) {
        requests.await(output);
      }
      return failures.toString();
    } finally {
      backend = null;
      failures.setLength(0);
    }
  }

  /** Whatever is opened from now on was made by strangers. */
  public void untrusted() {
    untrusted = true;
  }

  /** The program's name, for messages. */
  public String program() {
    return program;
  }

  /** Prints a line. */
  public void print(String line) {
    output.print(line);
    output.print('\n');
  }

  /** Prints a line to standard error. */
  public void printError(String line) {
    errors.print(Printable.lines(line) + "\n");
  }

  /** Prints a line to standard error, with the program's name. */
  public void error(String message) {
    report(ofMonitor ? message : program + ": " + message);
  }

  /** Prints a line to standard error, or gives it to whoever is at the monitor. */
  private void report(String line) {
    if (ofMonitor) {
      failures.append(Printable.lines(line)).append('\n');
    } else {
      printError(line);
    }
  }

  /** Prints what a command failed with, and what may help. */
  void error(CommandFailure failure) {
    error(failure.getMessage());
    String hint = failure.hint();
    if (hint != null) {
      report(hint);
    }
  }

  /** Whether the session can use that command: a monitor's opens and closes no images. */
  boolean has(String command) {
    return !ofMonitor || !Commands.isOfProgram(command);
  }

  /** Prints a warning to standard error. */
  public void warn(String message) {
    error("warning: " + message);
  }

  /** Prints what the graph tells of to standard error. */
  private void note(String line) {
    // As with the reference, a warning bears the program's name, as does what curl says.
    if (line.startsWith("warning: ") || line.startsWith("curl: ")) {
      error(line);
    } else {
      printError(line);
    }
  }

  /** Prints what the block layer says to standard error. */
  public void error(BlockException e) {
    error(Printable.of(e.getMessage()));
    String hint = e.hint();
    if (hint != null) {
      printError(hint);
    }
  }

  PrintStream output() {
    return output;
  }

  /** Writes the output out. */
  public void flushOutput() {
    output.flush();
  }

  boolean operandsLast() {
    return operandsLast;
  }

  AsyncRequests requests() {
    return requests;
  }

  /** The tags of breakpoints at which no request has been seen halted. */
  List<String> awaitedTags() {
    return awaitedTags;
  }

  /** Buffers of requests are to lie at odd addresses. */
  public void misaligned(boolean value) {
    misaligned = value;
  }

  boolean misaligned() {
    return misaligned;
  }

  void quit() {
    quit = true;
  }

  /** Whether the user wants to leave. */
  public boolean wantsToQuit() {
    return quit;
  }

  /** Runs the command that a line holds; an empty line does nothing. */
  public boolean run(String line) {
    Words words = Words.split(line);
    if (words == null) {
      return true;
    }
    Command command = Commands.find(words.name());
    if (command == null || !has(command.name())) {
      printError("command \"" + words.name() + "\" not found");
      return false;
    }
    boolean succeeded = command.run(this, words);
    if (!awaitedTags.isEmpty() && backend != null) {
      try {
        BreakpointControl.announce(this);
      } catch (CommandFailure e) {
        throw new AssertionError("the image is open", e);
      }
    }
    return succeeded;
  }

  /** While {@code waiting} runs, results of requests in the background are printed at once. */
  public <T extends @Nullable Object> T printingResults(Supplier<T> waiting) {
    requests.printAtOnce(output);
    try {
      return waiting.get();
    } finally {
      requests.printLater();
    }
  }

  /** What {@code --object} defines. */
  public ObjectRegistry objects() {
    return objects;
  }

  // The image

  BlockGraph graph() {
    BlockGraph open = graph;
    if (open == null) {
      open = new BlockGraph(DriverRegistry.load(), objects, this::note);
      open.listener(this::hear);
      graph = open;
    }
    return open;
  }

  /** From now on the process ends when images that are compared turn out to differ. */
  public void endProcess() {
    endsProcess = true;
  }

  private void hear(BlockEvent event) {
    if (endsProcess && event instanceof BlockEvent.ContentsDiffer(String node, String message)) {
      printError(message);
      output.flush(); // what came before comes after, as with the reference
      Posix.exit(1);
    }
  }

  boolean isOpen() {
    return backend != null;
  }

  void requireFile() throws CommandFailure {
    if (backend == null) {
      throw CommandFailure.plain("no file open, try 'help open'");
    }
  }

  BlockBackend backend() throws CommandFailure {
    BlockBackend open = backend;
    if (open == null) {
      throw CommandFailure.plain("no file open, try 'help open'");
    }
    return open;
  }

  BlockNode node() throws CommandFailure {
    return backend().node();
  }

  /**
   * Opens an image.
   *
   * @param options of the node
   */
  public void open(@Nullable String filename, BlockOptions options, OpenMode mode)
      throws BlockException {
    if (untrusted) {
      mode.untrusted();
    }
    backend = ImageOpener.open(graph(), filename, options, mode);
  }

  /** The permissions that a user of an image opened like this starts with. */
  static Permissions permissions(boolean writable) {
    Set<Permission> needed = EnumSet.of(Permission.CONSISTENT_READ);
    if (writable) {
      needed.add(Permission.WRITE);
    }
    return new Permissions(needed, EnumSet.allOf(Permission.class));
  }

  /** Makes sure that the session may do that with the image. */
  void require(Set<Permission> needed) throws CommandFailure {
    BlockBackend open = backend();
    Permissions now = open.permissions();
    if (now.needed().containsAll(needed)) {
      return;
    }
    Set<Permission> all = EnumSet.copyOf(now.needed());
    all.addAll(needed);
    try {
      open.change(new Permissions(all, now.shared()));
    } catch (BlockException e) {
      throw CommandFailure.of(e);
    }
  }

  /** Waits for the requests in the background, prints their results, and closes the image. */
  void closeImage() throws CommandFailure {
    try {
      requests.await(output);
      backend().close();
    } catch (BlockException e) {
      throw CommandFailure.of(e);
    } finally {
      backend = null;
      awaitedTags.clear();
    }
  }

  @Override
  public void close() {
    end();
  }

  /**
   * Waits for the requests in the background, prints their results, and closes all; false if
   * something could not be put on disk then.
   */
  public boolean end() {
    boolean closed = true;
    requests.await(output);
    requests.close();
    backend = null;
    BlockGraph open = graph;
    if (open != null) {
      try {
        open.close();
      } catch (BlockException e) {
        e.all().forEach(this::error);
        closed = false;
      }
    }
    objects.close();
    return closed;
  }
}
