// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.graph.BlockBackend;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Terminal;

/** {@code qemu-img bench}. */
final class Bench extends ImageCommand {
  private static final int PATTERN = FIRST_OWN;
  private static final int FLUSH_INTERVAL = FIRST_OWN + 1;
  private static final int NO_DRAIN = FIRST_OWN + 2;

  private int count = 75_000;
  private int depth = 64;
  private long offset;
  private int size = 4096;
  private int step; // 0: the size
  private boolean write;
  private int pattern;
  private int flushInterval;
  private boolean drain = true;
  private CacheMode cache = CacheMode.WRITEBACK;

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('h', "help", null, "show this help and end")
        .with('c', null, "COUNT", "how many requests; 75000 if not given")
        .with('d', null, "DEPTH", "how many of them at once; 64 if not given")
        .with('f', null, "FMT", "the image's format; guessed if not given")
        .with('i', null, "threads|native|io_uring", "how the host is asked for I/O")
        .with('n', null, null, "the same as -i native")
        .with('o', null, "OFFSET", "where the first request starts")
        .with('q', null, null, "for other commands' sake: the result is printed all the same")
        .with('s', null, "SIZE", "the size of a request; 4096 if not given")
        .with('S', null, "SIZE", "from a request's start to the next one's; -s if not given")
        .with('t', null, "CACHE", "the image's cache mode")
        .with('w', null, null, "write instead of reading: the image's content is lost")
        .with('U', "force-share", null, "read also while others write")
        .with(PATTERN, "pattern", "BYTE", "what is written; 0 if not given")
        .with(FLUSH_INTERVAL, "flush-interval", "COUNT", "flush after so many writes")
        .with(NO_DRAIN, "no-drain", null, "do not wait for writes under way before a flush")
        .with(IMAGE_OPTS, "image-opts", null, "the operand is a list of options")
        .with(UNTRUSTED, "untrusted", null, UNTRUSTED_HELP)
        .operand("FILENAME");
  }

  @Override
  public Description describe() {
    return Description.of(
        "measures how long requests take",
        """
        Reads, or with -w writes, one range behind the other, many at once, and says how long it
        took. At the image's end it starts over.
        """,
        "qemu-img bench -c 10000 -d 16 -s 64k disk.qcow2",
        "reads 10000 pieces of 64 KiB, 16 at a time",
        "qemu-img bench -w -t none --flush-interval 100 -f raw scratch.raw",
        "writes past the page cache, with a flush every 100 requests");
  }

  private void parse(Arguments arguments, ImageOpener opener) throws UsageException {
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      String argument = arguments.argument();
      switch (option) {
        case 'c' -> count = arguments.integer("request count");
        case 'd' -> depth = arguments.integer("queue depth");
        case 'i' -> aio(argument, arguments, opener);
        case 'n' -> opener.aio("native");
        case 'o' -> offset = Convert.number(arguments, "offset");
        case 's' -> size = bytes("buffer size", arguments);
        case 'S' -> step = bytes("step_size", arguments);
        case 't' -> cache = cache(argument, arguments);
        case 'w' -> write = true;
        case PATTERN -> pattern = pattern(arguments);
        case FLUSH_INTERVAL -> flushInterval = arguments.integer("flush interval");
        case NO_DRAIN -> drain = false;
        default -> take(option, arguments, opener);
      }
    }
  }

  private static void aio(String mode, Arguments arguments, ImageOpener opener)
      throws UsageException {
    if (!mode.equals("threads") && !mode.equals("native") && !mode.equals("io_uring")) {
      throw arguments.wrongValue("Invalid aio option: " + mode);
    }
    opener.aio(mode);
  }

  private static int bytes(String what, Arguments arguments) throws UsageException {
    return (int) Dd.number(what, arguments.argument(), 0, Integer.MAX_VALUE, arguments);
  }

  private static int pattern(Arguments arguments) throws UsageException {
    int value = arguments.integer("pattern byte");
    if (value > 0xff) {
      throw arguments.wrongValue("Invalid pattern byte specified");
    }
    return value;
  }

  private static CacheMode cache(String name, Arguments arguments) throws UsageException {
    CacheMode mode = CacheMode.of(name);
    if (mode == null) {
      throw arguments.wrongValue("Invalid cache mode");
    }
    return mode;
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    parse(arguments, opener);
    String filename = arguments.onlyImage();
    opener.requireOneFormat(arguments);
    if (!write && flushInterval > 0) {
      throw arguments.wrongValue("--flush-interval is only available in write tests");
    }
    if (flushInterval > 0 && flushInterval < depth) {
      throw arguments.wrongValue("Flush interval can't be smaller than depth");
    }
    if (depth == 0 && count > 0) {
      // The reference waits forever for requests that it never sends.
      throw arguments.wrongValue("Invalid queue depth specified");
    }
    try (BlockBackend image =
        opener.open(filename, ImageOpener.flags(write, cache), cache, /* backing= */ true)) {
      var requests =
          new BenchRequests(
              count, depth, offset, size, step == 0 ? size : step, write, flushInterval, drain);
      announce(requests, terminal);
      long started = System.nanoTime();
      try {
        new BenchRun(image, requests, (byte) pattern).run();
      } catch (BlockException e) {
        throw e.during("Failed request");
      }
      long millis = (System.nanoTime() - started + 500_000) / 1_000_000;
      String fraction = Long.toString(1000 + millis % 1000).substring(1);
      terminal.out().print("Run completed in " + millis / 1000 + "." + fraction + " seconds.\n");
    }
    return 0;
  }

  private void announce(BenchRequests requests, Terminal terminal) {
    terminal
        .out()
        .print(
            "Sending "
                + count
                + (write ? " write" : " read")
                + " requests, "
                + size
                + " bytes each, "
                + depth
                + " in parallel (starting at offset "
                + offset
                + ", step size "
                + requests.step()
                + ")\n");
    if (flushInterval > 0) {
      terminal.out().print("Sending flush every " + flushInterval + " requests\n");
    }
  }
}
