// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Extent;
import dev.strata.block.StatusDetail;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.ChainWalk;
import dev.strata.block.graph.Edge;
import dev.strata.block.graph.LayeredExtent;
import dev.strata.block.option.Printable;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.Listing;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Terminal;
import org.jspecify.annotations.Nullable;

/** {@code qemu-img map}. */
final class MapCommand extends ImageCommand {

  private static final long MAX_STATUS = 1L << 30;

  private static final byte[] START = Listing.text("{ \"start\": ");
  private static final byte[] LENGTH = Listing.text(", \"length\": ");
  private static final byte[] DEPTH = Listing.text(", \"depth\": ");
  private static final byte[] PRESENT = Listing.text(", \"present\": ");
  private static final byte[] ZERO = Listing.text(", \"zero\": ");
  private static final byte[] DATA = Listing.text(", \"data\": ");
  private static final byte[] OFFSET = Listing.text(", \"offset\": ");
  private static final byte[] TRUE = Listing.text("true");
  private static final byte[] FALSE = Listing.text("false");
  private static final byte[] END = Listing.text("}");
  private static final byte[] SEPARATOR = Listing.text(",\n");
  private static final byte[] NOTHING = {};

  /** A run with one answer. */
  private record Entry(
      long start,
      long length,
      int depth,
      boolean present,
      boolean zero,
      boolean data,
      @Nullable String file,
      long offset) {

    /** What stands for a range without bytes. */
    static Entry nothing(long start) {
      return new Entry(start, 0, 0, false, false, false, null, -1);
    }

    boolean continues(Entry before) {
      boolean samePlace =
          offset < 0
              ? before.offset < 0
              : before.offset >= 0
                  && offset == before.offset + before.length
                  && String.valueOf(file).equals(before.file);
      return depth == before.depth
          && present == before.present
          && zero == before.zero
          && data == before.data
          && samePlace;
    }

    Entry longer(long more) {
      return new Entry(start, length + more, depth, present, zero, data, file, offset);
    }
  }

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('f', "format", "FMT", "the image's format; guessed if not given")
        .with('h', "help", null, "show this help and end")
        .with('s', "start-offset", "OFFSET", "begin there")
        .with('l', "max-length", "LENGTH", "look at no more bytes")
        .with('U', "force-share", null, "look also while others write")
        .with(OUTPUT, "output", "human|json", "for people (the default) or for programs")
        .with(IMAGE_OPTS, "image-opts", null, "FILENAME is a list of options")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(UNTRUSTED, "untrusted", null, UNTRUSTED_HELP)
        .operand("FILENAME");
  }

  @Override
  public Description describe() {
    return Description.of(
        "lists where the content of an image is",
        """
        Each line is a range of the disk: where it is in which file of the backing chain. The json
        output has the ranges without data too.
        """,
        "qemu-img map --output=json disk.qcow2",
        "lists data, zeroes and holes");
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    long start = 0;
    long max = -1;
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case 's' -> start = Convert.number(arguments, "start offset");
        case 'l' -> max = Convert.number(arguments, "max length");
        default -> take(option, arguments, opener);
      }
    }
    String filename = arguments.onlyImage();
    boolean json = isJsonOutput(arguments);
    opener.requireOneFormat(arguments);
    BlockBackend image =
        opener.open(
            filename, ImageOpener.flags(false, CacheMode.WRITEBACK), CacheMode.WRITEBACK, true);
    long end =
        max < 0
            ? image.length()
            : Math.min(image.length(), Math.addExact(start, Math.min(max, Long.MAX_VALUE - start)));
    var out = new Listing(terminal.out());
    try {
      out.add(Listing.text(json ? "[" : "Offset          Length          Mapped to       File\n"));
      list(image, start, end, json, out, arguments);
      out.add(json ? Listing.text("]\n") : NOTHING);
    } finally {
      out.flush(); // before a message about what made it end
    }
    return 0;
  }

  private static void list(
      BlockBackend image, long from, long end, boolean json, Listing out, Arguments arguments)
      throws BlockException, UsageException {
    var walk = new ChainWalk(image, null, StatusDetail.ZEROES);
    long start = from;
    Entry current = null;
    byte[] separator = NOTHING;
    while (start < end) {
      Entry next;
      try {
        next = lookUp(walk, start, Math.min(end - start, MAX_STATUS));
      } catch (BlockException e) {
        throw e.during("Could not read file metadata");
      }
      start += next.length();
      if (current != null && next.continues(current)) {
        current = current.longer(next.length());
        continue;
      }
      if (current != null) {
        print(current, json, separator, out, arguments);
        separator = SEPARATOR;
      }
      current = next;
    }
    if (current == null) {
      current = Entry.nothing(start);
    }
    print(current, json, separator, out, arguments);
  }

  private static Entry lookUp(ChainWalk walk, long offset, long length) throws BlockException {
    LayeredExtent found = walk.known(offset, length);
    Extent extent = found.extent();
    String file = null;
    if (extent.hasPlace()) {
      BlockNode holder =
          extent.file() instanceof Edge edge ? edge.node() : walk.layer(found.depth());
      file = holder.filename();
    }
    return new Entry(
        offset,
        extent.length(),
        found.depth(),
        extent.allocated(),
        extent.zero(),
        extent.data(),
        file,
        extent.fileOffset());
  }

  private static void print(
      Entry entry, boolean json, byte[] separator, Listing out, Arguments arguments)
      throws UsageException {
    if (json) {
      out.add(separator).add(START).add(entry.start()).add(LENGTH).add(entry.length());
      out.add(DEPTH).add(entry.depth()).add(PRESENT).add(word(entry.present()));
      out.add(ZERO).add(word(entry.zero())).add(DATA).add(word(entry.data()));
      if (entry.offset() >= 0) {
        out.add(OFFSET).add(entry.offset());
      }
      out.add(END);
      return;
    }
    if (entry.data() && entry.offset() < 0) {
      throw arguments.wrongValue("File contains external, encrypted or compressed clusters.");
    }
    if (entry.data() && !entry.zero()) {
      String line = column(entry.start()) + column(entry.length()) + column(entry.offset());
      out.add(Listing.text(line + Printable.of(String.valueOf(entry.file())) + "\n"));
    }
  }

  private static byte[] word(boolean value) {
    return value ? TRUE : FALSE;
  }

  private static String column(long value) {
    String text = value == 0 ? "0" : "0x" + Long.toHexString(value);
    return text + " ".repeat(Math.max(0, 16 - text.length()));
  }
}
