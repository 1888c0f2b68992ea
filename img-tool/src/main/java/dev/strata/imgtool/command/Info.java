// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonWriter;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.ImageDescription;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Terminal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** {@code qemu-img info}. */
final class Info extends ImageCommand {
  private static final int BACKING_CHAIN = FIRST_OWN;

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('f', "format", "FMT", "the image's format; guessed if not given")
        .with('h', "help", null, "show this help and end")
        .with('U', "force-share", null, "look also while others write")
        .with(OUTPUT, "output", "human|json", "for people (the default) or for programs")
        .with(BACKING_CHAIN, "backing-chain", null, "go on with the backing files")
        .with(IMAGE_OPTS, "image-opts", null, "FILENAME is a list of options")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(UNTRUSTED, "untrusted", null, UNTRUSTED_HELP)
        .operand("FILENAME");
  }

  @Override
  public Description describe() {
    return Description.of(
        "tells what an image is",
        """
        Format, size, the space it takes on the host, its backing file, its snapshots, and
        what the format has beyond that.
        """,
        "qemu-img info --backing-chain overlay.qcow2",
        "tells of the image and of all that it stands on",
        "qemu-img info --output=json disk.qcow2",
        "says the same to a program");
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    boolean chain = false;
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case BACKING_CHAIN -> chain = true;
        default -> take(option, arguments, opener);
      }
    }
    String filename = arguments.onlyImage();
    boolean json = isJsonOutput(arguments);
    opener.requireOneFormat(arguments);
    List<ImageDescription> images = describe(opener, filename, chain, terminal);
    if (json) {
      var array = new JsonArray();
      for (ImageDescription image : images) {
        array.add(image.toJson());
      }
      terminal.out().print(JsonWriter.pretty(chain ? array : array.get(0)) + "\n");
    } else {
      String separator = "";
      for (ImageDescription image : images) {
        terminal.out().print(separator + image.toText());
        separator = "\n";
      }
    }
    return 0;
  }

  private static List<ImageDescription> describe(
      ImageOpener opener, String first, boolean chain, Terminal terminal)
      throws BlockException, UsageException {
    var images = new ArrayList<ImageDescription>();
    Set<String> seen = new HashSet<>();
    String filename = first;
    String format = opener.format();
    boolean asOptions = opener.hasImageOptions();
    NodeFlags flags = NodeFlags.READ_ONLY.withNoIo(true);
    while (true) {
      if (!seen.add(filename)) {
        terminal.error("Backing file '" + filename + "' creates an infinite loop.");
        throw new UsageException();
      }
      BlockBackend image =
          opener.open(filename, format, asOptions, flags, CacheMode.WRITEBACK, false);
      ImageDescription description;
      try {
        description = ImageDescription.of(image.node());
      } finally {
        image.close();
      }
      images.add(description);
      BackingReference backing = description.backing();
      if (!chain || backing == null) {
        return images;
      }
      if (description.fullBacking() == null) {
        return images;
      }
      filename = description.fullBacking();
      format = backing.format();
      asOptions = false;
    }
  }
}
