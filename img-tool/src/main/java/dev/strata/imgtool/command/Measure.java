// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.Measurable;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonWriter;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import dev.strata.block.option.OptionString;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.SnapshotChoice;
import dev.strata.monitor.commandline.Terminal;
import dev.strata.monitor.manual.HelpPage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code qemu-img measure}: how large a new image gets. */
final class Measure extends ImageCommand {
  private static final int SIZE = FIRST_OWN;

  private String outFormat = "raw";
  private @Nullable String options;
  private @Nullable SnapshotChoice snapshot;
  private boolean json;
  private long size = -1;

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('h', "help", null, "show this help and end")
        .with('f', "source-format", "FMT", "the image's format; guessed if not given")
        .with('l', "snapshot", "SNAPSHOT", "take the content of an internal snapshot")
        .with('o', "options", "OPTIONS", "options of the new image's format")
        .with('O', "target-format", "NEW_FMT", "the new image's format; raw if not given")
        .with('U', "force-share", null, "look also while others write")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(IMAGE_OPTS, "image-opts", null, "FILENAME is a list of options")
        .with(OUTPUT, "output", "human|json", "for people (the default) or for programs")
        .with(SIZE, "size", "SIZE", "the size of a new image without content")
        .operand("[FILENAME]");
  }

  @Override
  public Description describe() {
    return Description.of(
        "tells how large the file of a new image has to be",
        """
        Either for a disk of --size without content, or for the content of FILENAME. 'required' is
        what that content takes, 'fully allocated' what it can come to when all has been written.
        """,
        "qemu-img measure -O qcow2 disk.raw",
        "tells how large a volume for the qcow2 image has to be");
  }

  @Override
  Arguments arguments(List<String> words, Terminal terminal) {
    return Arguments.plain("measure", options(), words, terminal);
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    if (!parse(arguments, opener)) {
      terminal.out().print(HelpPage.ofCommand(terminal.program(), "measure", this));
      return 0;
    }
    json = isJsonOutput(arguments);
    List<String> operands = arguments.operands();
    if (operands.size() > 1) {
      throw arguments.wrongValue("At most one filename argument is allowed.");
    }
    String filename = operands.isEmpty() ? null : operands.getFirst();
    boolean ofImage = opener.hasImageOptions() || opener.format() != null || snapshot != null;
    if (filename == null && ofImage) {
      throw arguments.wrongValue("--image-opts, -f, and -l require a filename argument.");
    }
    if (filename == null && size < 0) {
      throw arguments.wrongValue("Either --size N or one filename must be specified.");
    }
    if (filename != null && size >= 0) {
      throw arguments.wrongValue("--size N cannot be used together with a filename.");
    }
    opener.requireOneFormat(arguments);
    BlockBackend image = null;
    if (filename != null) {
      CacheMode cache = CacheMode.WRITEBACK;
      image = opener.open(filename, ImageOpener.flags(false, cache), cache, true);
      if (snapshot != null) {
        snapshot.load(image.node());
      }
    }
    print(measure(image, opener.graph(), arguments), terminal);
    return 0;
  }

  /** Reads the options; false if the help is wanted, which is what a wrong option gets too. */
  private boolean parse(Arguments arguments, ImageOpener opener) throws UsageException {
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case 'l' -> snapshot = arguments.snapshot();
        case 'o' -> options = Create.joined(options, arguments.argument(), arguments);
        case 'O' -> outFormat = arguments.argument();
        case SIZE -> size = Convert.number(arguments, "image size");
        case 'h', GetOpt.ERROR -> {
          return false;
        }
        default -> take(option, arguments, opener);
      }
    }
    return true;
  }

  private Measurable.Measurement measure(
      @Nullable BlockBackend image, BlockGraph graph, Arguments arguments)
      throws BlockException, UsageException {
    BlockDriverFactory driver = graph.drivers().find(outFormat);
    if (driver == null) {
      throw arguments.wrongValue("Unknown file format '" + outFormat + "'");
    }
    if (!driver.creates()) {
      throw arguments.wrongValue(
          "Format driver '" + outFormat + "' does not support image creation");
    }
    var given = new BlockOptions();
    if (options != null) {
      try {
        given = OptionString.parseCreation(options);
        OptionSchema schema = driver.createOptions();
        BlockDriverFactory file = graph.drivers().find("file");
        (file == null ? schema : schema.and(file.createOptions())).check(given);
      } catch (BlockException e) {
        arguments.wrong(e);
        throw arguments.wrongValue("Invalid options for file format '" + outFormat + "'");
      }
    }
    // A size among the options is that of another image than the one asked about.
    given.remove("size");
    if (image == null) {
      given.put("size", size);
    }
    if (!(driver instanceof Measurable measurable)) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "Block driver '" + outFormat + "' does not support size measurement");
    }
    return measurable.measure(
        given, image == null ? null : new MeasuredImage(image), graph.objects());
  }

  private void print(Measurable.Measurement sizes, Terminal terminal) {
    if (json) {
      var object = new JsonObject();
      object.put("required", sizes.required());
      object.put("fully-allocated", sizes.fullyAllocated());
      if (sizes.bitmaps() >= 0) {
        object.put("bitmaps", sizes.bitmaps());
      }
      terminal.out().print(JsonWriter.pretty(object) + "\n");
      return;
    }
    terminal.out().print("required size: " + sizes.required() + "\n");
    terminal.out().print("fully allocated size: " + sizes.fullyAllocated() + "\n");
    if (sizes.bitmaps() >= 0) {
      terminal.out().print("bitmaps size: " + sizes.bitmaps() + "\n");
    }
  }
}
