// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver.tool;

import dev.strata.block.BlockException;
import dev.strata.block.nbd.protocol.NbdLimits;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.SnapshotChoice;
import dev.strata.monitor.commandline.Terminal;
import dev.strata.monitor.commandline.Tracing;
import dev.strata.monitor.manual.HelpPage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the program was called with. */
final class CommandLine {
  private static final String DEFAULT_PORT = "10809";
  private static final String DEFAULT_HOST = "0.0.0.0";

  private static final int CACHE = OptionTable.FIRST_KEY;
  private static final int AIO = OptionTable.FIRST_KEY + 1;
  private static final int DISCARD = OptionTable.FIRST_KEY + 2;
  private static final int DETECT_ZEROES = OptionTable.FIRST_KEY + 3;
  private static final int OBJECT = OptionTable.FIRST_KEY + 4;
  private static final int TLS_CREDS = OptionTable.FIRST_KEY + 5;
  private static final int TLS_HOSTNAME = OptionTable.FIRST_KEY + 6;
  private static final int TLS_AUTHZ = OptionTable.FIRST_KEY + 7;
  private static final int IMAGE_OPTS = OptionTable.FIRST_KEY + 8;
  private static final int FORK = OptionTable.FIRST_KEY + 9;
  private static final int PID_FILE = OptionTable.FIRST_KEY + 10;
  private static final int SELINUX_LABEL = OptionTable.FIRST_KEY + 11;
  private static final int UNTRUSTED = OptionTable.FIRST_KEY + 12;

  private final Terminal terminal;

  /** What {@code --object} defines. */
  final ObjectRegistry objects = new ObjectRegistry();

  // Where
  @Nullable String port;
  @Nullable String host;
  @Nullable String socket;
  @Nullable String connectDevice;
  boolean disconnect;
  boolean list;

  // Who and what
  int shared = 1;
  boolean persistent;
  @Nullable String exportName;
  @Nullable String description;
  long offset;
  boolean offsetGiven;
  boolean allocationDepth;
  final List<String> bitmaps = new ArrayList<>();

  // The image
  @Nullable String format;
  boolean readOnly;
  boolean throwAway;
  @Nullable SnapshotChoice snapshot;
  @Nullable CacheMode cache;
  @Nullable String aio;
  @Nullable String discard;
  @Nullable String detectZeroes;
  boolean imageOptions;
  boolean untrusted;
  String filename = "";

  // The process
  boolean fork;
  @Nullable String pidFile;
  @Nullable String selinuxLabel;
  boolean verbose;
  private @Nullable String tlsCredentials;
  private @Nullable String tlsHostname;
  private @Nullable String tlsAuthorization;

  CommandLine(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The options, in the order in which messages list names that are alike. */
  static OptionTable options() {
    return new OptionTable()
        .with('h', "help", null, "show this help and end")
        .with('V', "version", null, "show the version and end")
        .with('b', "bind", "IFACE", "the address to listen on; 0.0.0.0 if not given")
        .with('p', "port", "PORT", "the TCP port to listen on; 10809 if not given")
        .with('k', "socket", "FILE", "listen on a Unix socket, by its absolute path")
        .with('o', "offset", "OFFSET", "export the image from this byte on")
        .with('r', "read-only", null, "export the image read-only")
        .with('A', "allocation-depth", null, "offer qemu:allocation-depth to clients")
        .with('B', "bitmap", "NAME", "offer qemu:dirty-bitmap:NAME; may be given again")
        .with('c', "connect", "DEV", "connect the image to this NBD device of the kernel")
        .with('d', "disconnect", null, "disconnect the NBD device that FILE names")
        .with('L', "list", null, "tell what another server exports")
        .with('s', "snapshot", null, "lose all changes at the end")
        .with('l', "load-snapshot", "SNAPSHOT", "export an internal snapshot, read-only")
        .with('n', "nocache", null, "the same as --cache=none")
        .with(CACHE, "cache", "CACHE", "the image's cache mode; writeback if not given")
        .with(AIO, "aio", "threads|native|io_uring", "how the host is asked for I/O")
        .with(
            DISCARD,
            "discard",
            "ignore|unmap",
            "whether discards are carried out; not unless asked")
        .with(DETECT_ZEROES, "detect-zeroes", "off|on|unmap", "what becomes of writes of zeroes")
        .with('e', "shared", "NUM", "how many clients at a time; 1 if not given, 0 for many")
        .with('f', "format", "FMT", "the image's format; guessed if not given")
        .with('t', "persistent", null, "go on when the last client has left")
        .with('v', "verbose", null, "with -p, show on a terminal what is being done")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with('x', "export-name", "NAME", "the export's name; empty if not given")
        .with('D', "description", "TEXT", "what clients are told about the export")
        .with(TLS_CREDS, "tls-creds", "ID", "the object with the credentials of TLS")
        .with(TLS_HOSTNAME, "tls-hostname", "NAME", "whom the server's certificate has to name")
        .with(TLS_AUTHZ, "tls-authz", "ID", "the object that says who may be a client")
        .with(IMAGE_OPTS, "image-opts", null, "FILE is a list of options")
        .with(UNTRUSTED, "untrusted", null, "refuse a dangerous image, and files that it names")
        .with('T', "trace", "PATTERN", "choose events to trace: none are built in")
        .with(FORK, "fork", null, "return when the server can be reached, which stays")
        .with(PID_FILE, "pid-file", "FILE", "write the server's process id there")
        .with(SELINUX_LABEL, "selinux-label", "LABEL", "the label of the listening socket")
        .operand("FILE");
  }

  /** Thrown when all is said; the exit code is left. */
  static final class Exit extends Exception {
    private static final long serialVersionUID = 1;

    final int code;

    Exit(int code) {
      super(null, null, false, false);
      this.code = code;
    }
  }

  /** Reads the command line. */
  void parse(List<String> words) throws Exit {
    GetOpt getopt = options().read(terminal.program(), words, terminal::line);
    for (int option = getopt.next(); option != GetOpt.END; option = getopt.next()) {
      option(option, getopt.argument());
    }
    check(getopt.operands());
  }

  private void option(int option, String argument) throws Exit {
    switch (option) {
      case 'b' -> host = argument;
      case 'p' -> port = argument;
      case 'k' -> {
        if (!argument.startsWith("/")) {
          throw failed("socket path must be absolute");
        }
        socket = argument;
      }
      case 'o' -> {
        offset = parseOffset(argument);
        offsetGiven = true;
      }
      case 'r' -> readOnly = true;
      case 'A' -> allocationDepth = true;
      case 'B' -> bitmaps.add(argument);
      case 'c' -> connectDevice = argument;
      case 'd' -> disconnect = true;
      case 'L' -> list = true;
      case 's' -> throwAway = true;
      case 'l' -> {
        snapshot = parseSnapshot(argument);
        readOnly = true;
      }
      case 'n' -> cache("none");
      case CACHE -> cache(argument);
      case AIO -> {
        if (aio != null) {
          throw failed("--aio can only be specified once");
        }
        if (!argument.equals("threads")
            && !argument.equals("native")
            && !argument.equals("io_uring")) {
          throw failed("Invalid aio mode '" + argument + "'");
        }
        aio = argument;
      }
      case DISCARD -> {
        if (discard != null) {
          throw failed("--discard can only be specified once");
        }
        switch (argument) {
          case "ignore", "off", "unmap", "on" -> discard = argument;
          default -> throw failed("Invalid discard mode `" + argument + "'");
        }
      }
      case DETECT_ZEROES -> detectZeroes(argument);
      case 'e' -> shared = parseShared(argument);
      case 'f' -> format = argument;
      case 't' -> persistent = true;
      case 'v' -> verbose = true;
      case 'x' -> exportName = checkedString(argument, "name");
      case 'D' -> description = checkedString(argument, "description");
      case OBJECT -> define(argument);
      case TLS_CREDS -> tlsCredentials = argument;
      case TLS_HOSTNAME -> tlsHostname = argument;
      case TLS_AUTHZ -> tlsAuthorization = argument;
      case IMAGE_OPTS -> imageOptions = true;
      case UNTRUSTED -> untrusted = true;
      case 'T' -> trace(argument);
      case FORK -> fork = true;
      case PID_FILE -> pidFile = argument;
      case SELINUX_LABEL -> selinuxLabel = argument;
      case 'V' -> {
        terminal.out().print(NbdDescription.VERSION + "\n");
        throw new Exit(0);
      }
      case 'h' -> {
        terminal.out().print(HelpPage.ofTool(terminal.program(), new NbdDescription()));
        throw new Exit(0);
      }
      default -> throw failed("Try `" + terminal.program() + " --help' for more information.");
    }
  }

  private Exit failed(String message) {
    terminal.error(message);
    return new Exit(1);
  }

  private void define(String argument) throws Exit {
    try {
      String help = objects.define(argument);
      if (help != null) {
        terminal.out().print(help);
        throw new Exit(0);
      }
    } catch (BlockException e) {
      terminal.error(e);
      throw new Exit(1);
    }
  }

  private void trace(String argument) throws Exit {
    if (Tracing.asksForList(argument)) {
      throw new Exit(0);
    }
    String problem = Tracing.enable(argument, warning -> terminal.error("warning: " + warning));
    if (problem != null) {
      terminal.line(terminal.program() + problem);
      throw new Exit(1);
    }
  }

  private void cache(String mode) throws Exit {
    if (cache != null) {
      throw failed("-n and --cache can only be specified once");
    }
    cache = CacheMode.of(mode);
    if (cache == null) {
      throw failed("Invalid cache mode `" + mode + "'");
    }
  }

  private void detectZeroes(String mode) throws Exit {
    switch (mode) {
      case "off", "on" -> {}
      case "unmap" -> {
        if (!unmap()) {
          throw failed(
              "setting detect-zeroes to unmap is not allowed without setting discard operation to"
                  + " unmap");
        }
      }
      default ->
          throw failed("Failed to parse detect_zeroes mode: invalid parameter value: " + mode);
    }
    detectZeroes = mode;
  }

  /** Where to listen, or whom to ask. */
  String host() {
    return host == null ? DEFAULT_HOST : host;
  }

  /** The TCP port, as the user wrote it. */
  String port() {
    return port == null ? DEFAULT_PORT : port;
  }

  /** Whether discards are carried out. */
  boolean unmap() {
    return "unmap".equals(discard) || "on".equals(discard);
  }

  private SnapshotChoice parseSnapshot(String text) throws Exit {
    try {
      return SnapshotChoice.parse(text, warning -> terminal.error("warning: " + warning));
    } catch (BlockException e) {
      terminal.error(e.getMessage());
      throw failed("Failed in parsing snapshot param `" + text + "'");
    }
  }

  /** As the reference reads it: a plain number, perhaps hexadecimal. */
  private long parseOffset(String text) throws Exit {
    Long number = number(text);
    if (number == null) {
      throw failed("Invalid offset '" + text + "'");
    }
    if (number < 0) {
      terminal.error("Parameter 'offset' expects a non-negative number below 2^64");
      terminal.line("Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-");
      terminal.line("and exabytes, respectively.");
      throw new Exit(1);
    }
    return number;
  }

  private int parseShared(String text) throws Exit {
    Long number = number(text);
    if (number == null || number < 0 || number > Integer.MAX_VALUE) {
      throw failed("Invalid shared device number '" + text + "'");
    }
    return number.intValue();
  }

  private static @Nullable Long number(String text) {
    try {
      return Long.decode(text.strip());
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private String checkedString(String text, String what) throws Exit {
    if (text.getBytes(StandardCharsets.UTF_8).length > NbdLimits.STRING) {
      throw failed("export " + what + " '" + text + "' too long");
    }
    return text;
  }

  // What goes together

  private void check(List<String> operands) throws Exit {
    if (list) {
      checkList(operands);
    } else {
      if (operands.size() != 1) {
        terminal.error("Invalid number of arguments");
        terminal.line("Try `" + terminal.program() + " --help' for more information.");
        throw new Exit(1);
      }
      filename = operands.getFirst();
    }
    if (tlsCredentials != null) {
      throw failed("Failed to get TLS creds: No TLS credentials with id '" + tlsCredentials + "'");
    }
    if (tlsAuthorization != null) {
      throw failed("--tls-authz is not permitted without --tls-creds");
    }
    if (tlsHostname != null) {
      throw failed("--tls-hostname is not permitted without --tls-creds");
    }
  }

  private void checkList(List<String> operands) throws Exit {
    if (!operands.isEmpty()) {
      throw failed("List mode is incompatible with a file name");
    }
    if (exportName != null
        || description != null
        || offsetGiven
        || connectDevice != null
        || disconnect
        || format != null
        || snapshot != null
        || !bitmaps.isEmpty()
        || allocationDepth
        || aio != null
        || discard != null
        || cache != null) {
      throw failed("List mode is incompatible with per-device settings");
    }
    if (fork) {
      throw failed("List mode is incompatible with forking");
    }
  }

  /** Throws if an option says where to listen, for there is a socket already. */
  void checkActivated() throws Exit {
    if (connectDevice != null) {
      throw failed("NBD device can't be set when using socket activation");
    }
    if (socket != null) {
      throw failed("Unix socket can't be set when using socket activation");
    }
    if (host != null) {
      throw failed("The interface can't be set when using socket activation");
    }
    if (port != null) {
      throw failed("TCP port number can't be set when using socket activation");
    }
    if (selinuxLabel != null) {
      throw failed("SELinux label can't be set when using socket activation");
    }
    if (list) {
      throw failed("List mode is incompatible with socket activation");
    }
  }
}
