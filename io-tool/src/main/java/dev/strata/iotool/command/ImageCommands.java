// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.NodeChange;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.GetOpt;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code open}, {@code close} and {@code reopen}. */
public final class ImageCommands {
  private ImageCommands() {}

  static void open(Session session, Words words) throws CommandFailure {
    var mode = new OpenMode();
    var options = new BlockOptions();
    GetOpt getopt = words.options(session, "snCro:ki:t:d:U");
    for (int option = getopt.next(); option != GetOpt.END; option = getopt.next()) {
      if (option == 'o') {
        options.putAll("", parse(session, getopt.argument()));
      } else if (option == GetOpt.ERROR) {
        throw CommandFailure.usage();
      } else {
        String problem = apply(mode, option, getopt.argument());
        if (problem != null) {
          throw CommandFailure.error(problem);
        }
      }
    }
    if (getopt.operands().size() == 1) {
      open(session, getopt.operands().get(0), options, mode);
    } else if (getopt.operands().isEmpty()) {
      open(session, null, options, mode);
    } else {
      throw CommandFailure.usage();
    }
  }

  /**
   * Takes one of the options that the command line has as well.
   *
   * @return what is wrong with its argument, or null
   */
  public static @Nullable String apply(OpenMode mode, int option, String argument) {
    boolean valid =
        switch (option) {
          case 's' -> {
            mode.snapshot();
            yield true;
          }
          case 'n' -> {
            mode.noCache();
            yield true;
          }
          case 'C' -> {
            mode.copyOnRead();
            yield true;
          }
          case 'r' -> {
            mode.readOnly();
            yield true;
          }
          case 'U' -> {
            mode.forceShare();
            yield true;
          }
          case 'k' -> mode.aio("native");
          case 'i' -> mode.aio(argument);
          case 't' -> mode.cache(argument);
          case 'd' -> mode.discard(argument);
          default -> throw new IllegalArgumentException("no option of opening: " + option);
        };
    if (valid) {
      return null;
    }
    String what = option == 'i' ? "aio" : option == 't' ? "cache" : "discard";
    return "Invalid " + what + " option: " + argument;
  }

  /** Opens an image; tells the user if that fails. */
  public static boolean openFirst(
      Session session, @Nullable String filename, BlockOptions options, OpenMode mode) {
    try {
      open(session, filename, options, mode);
      return true;
    } catch (CommandFailure e) {
      session.error(e);
      return false;
    }
  }

  private static void open(
      Session session, @Nullable String filename, BlockOptions options, OpenMode mode)
      throws CommandFailure {
    if (session.isOpen()) {
      throw CommandFailure.error("file open already, try 'help close'");
    }
    String shared = options.string("force-share");
    if (mode.isForceShare() && shared != null && !shared.equals("on")) {
      throw CommandFailure.error("-U conflicts with image options");
    }
    try {
      session.open(filename, options, mode);
    } catch (BlockException e) {
      throw CommandFailure.of(
          e.during(filename == null ? "can't open" : "can't open device " + filename));
    }
  }

  private static BlockOptions parse(Session session, String text) throws CommandFailure {
    try {
      return OptionString.parse(text, null, session::warn);
    } catch (BlockException e) {
      throw CommandFailure.of(e);
    }
  }

  static void close(Session session, Words words) throws CommandFailure {
    session.closeImage();
  }

  static void reopen(Session session, Words words) throws CommandFailure {
    BlockBackend backend = session.backend();
    BlockNode node = backend.node();
    var options = new BlockOptions();
    CacheMode cache = null;
    int access = 0;
    GetOpt getopt = words.options(session, "c:o:rw");
    for (int option = getopt.next(); option != GetOpt.END; option = getopt.next()) {
      switch (option) {
        case 'c' -> {
          cache = CacheMode.of(getopt.argument());
          if (cache == null) {
            throw CommandFailure.error("Invalid cache option: " + getopt.argument());
          }
        }
        case 'o' -> options.putAll("", parse(session, getopt.argument()));
        case 'r', 'w' -> {
          if (access != 0) {
            throw CommandFailure.error("Only one -r/-w option may be given");
          }
          access = option;
        }
        default -> throw CommandFailure.usage();
      }
    }
    if (!getopt.operands().isEmpty()) {
      throw CommandFailure.usage();
    }
    try {
      NodeFlags flags = flags(node.flags(), options, cache, access);
      boolean writeThrough = cache == null ? backend.writeThrough() : cache.writeThrough();
      session.requests().await(session.output());
      List<NodeChange> changes = ReopenPlan.of(node, flags, options);
      Permissions before = backend.permissions();
      if (!flags.writable() && access == 'r') {
        // Nobody can write any more; this session asks for it again when a command needs it.
        backend.change(Session.permissions(false));
      }
      try {
        node.graph().reopen(changes);
      } catch (BlockException e) {
        backend.change(before);
        throw e;
      }
      backend.writeThrough(writeThrough);
    } catch (BlockException e) {
      throw CommandFailure.of(e);
    }
  }

  private static NodeFlags flags(
      NodeFlags old, BlockOptions options, @Nullable CacheMode cache, int access)
      throws BlockException, CommandFailure {
    NodeFlags flags = old;
    if (options.has("read-only")) {
      if (access != 0) {
        throw CommandFailure.error("Cannot set both -r/-w and 'read-only'");
      }
      flags = flags.withWritable(!Boolean.TRUE.equals(options.takeBool("read-only")));
    } else if (access != 0) {
      flags = flags.withWritable(access == 'w');
    }
    if (cache != null && (options.has("cache.direct") || options.has("cache.no-flush"))) {
      throw CommandFailure.error("Cannot set both -c and the cache options");
    }
    Boolean direct = options.takeBool("cache.direct");
    Boolean noFlush = options.takeBool("cache.no-flush");
    if (cache != null) {
      return flags.withCache(cache.direct(), cache.noFlush());
    }
    return flags.withCache(
        direct == null ? flags.direct() : direct, noFlush == null ? flags.noFlush() : noFlush);
  }
}
