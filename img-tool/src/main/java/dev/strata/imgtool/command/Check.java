// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonWriter;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Terminal;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Optional;

/** {@code qemu-img check}: exit code 0 if all is well, 2 for corruption, 3 for leaks. */
final class Check extends ImageCommand {

  private static final int UNSUPPORTED = 63;

  private boolean quiet;

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('h', "help", null, "show this help and end")
        .with('f', "format", "FMT", "the image's format; guessed if not given")
        .with('r', "repair", "leaks|all", "repair leaked clusters, or all that can be repaired")
        .with('q', "quiet", null, "tell by the exit code only")
        .with('T', "source-cache", "CACHE", "the image's cache mode")
        .with('U', "force-share", null, "check also while others write")
        .with(OUTPUT, "output", "human|json", "for people (the default) or for programs")
        .with(IMAGE_OPTS, "image-opts", null, "FILENAME is a list of options")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(UNTRUSTED, "untrusted", null, UNTRUSTED_HELP)
        .operand("FILENAME");
  }

  @Override
  public Description describe() {
    return Description.of(
        "looks for errors in the metadata of an image",
        """
        With -r what was found is repaired. Nobody else may write the image meanwhile.

        The exit code is 0 if the image is sound (or has been repaired), 1 if it could not be
        checked, 2 if it is damaged, 3 if there are leaked clusters only, which waste space but hurt
        nobody, and 63 if the format has no checks.
        """,
        "qemu-img check disk.qcow2",
        "tells whether the image is sound",
        "qemu-img check -r leaks disk.qcow2",
        "frees the clusters that nothing refers to");
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    Checkable.Repair repair = Checkable.Repair.NONE;
    String cache = "writeback";
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case 'r' -> repair = repair(arguments);
        case 'q' -> quiet = true;
        case 'T' -> cache = arguments.argument();
        default -> take(option, arguments, opener);
      }
    }
    String filename = arguments.onlyImage();
    boolean json = isJsonOutput(arguments);
    opener.requireOneFormat(arguments);
    CacheMode mode = opener.cache(arguments, cache, "source ");
    NodeFlags flags = ImageOpener.flags(repair != Checkable.Repair.NONE, mode).withCheck(true);
    BlockBackend image = opener.open(filename, flags, mode, true);
    Optional<Checkable> checkable = image.node().capability(Checkable.class);
    if (checkable.isEmpty()) {
      terminal.error("This image format does not support checks");
      return UNSUPPORTED;
    }
    Checkable.Result result;
    try {
      result = check(checkable.get(), repair, terminal);
    } catch (BlockException e) {
      if (e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
      // Of a format that can be checked, but not repaired.
      terminal.error("This image format does not support checks");
      return UNSUPPORTED;
    }
    if (result.leaksFixed() > 0 || result.corruptionsFixed() > 0) {
      long leaksFixed = result.leaksFixed();
      long corruptionsFixed = result.corruptionsFixed();
      if (!json) {
        say(
            "The following inconsistencies were found and repaired:\n\n    "
                + leaksFixed
                + " leaked clusters\n    "
                + corruptionsFixed
                + " corruptions\n\nDouble checking the fixed image now...\n",
            terminal);
      }
      Checkable.Result again = check(checkable.get(), Checkable.Repair.NONE, terminal);
      result = withFixed(again, leaksFixed, corruptionsFixed);
    }
    if (json) {
      say(JsonWriter.pretty(toJson(result, filename, image.node().driverName())) + "\n", terminal);
    } else {
      say(toText(result), terminal);
    }
    if (result.checkErrors() > 0) {
      terminal.error("Check failed");
      return 1;
    }
    if (result.corruptions() > 0) {
      return 2;
    }
    return result.leaks() > 0 ? 3 : 0;
  }

  private static Checkable.Repair repair(Arguments arguments) throws UsageException {
    return switch (arguments.argument()) {
      case "leaks" -> Checkable.Repair.LEAKS;
      case "all" -> Checkable.Repair.ALL;
      default ->
          throw arguments.wrong(
              "Unknown option value for -r (expecting 'leaks' or 'all'): " + arguments.argument());
    };
  }

  private void say(String text, Terminal terminal) {
    if (!quiet) {
      terminal.out().print(text);
    }
  }

  private static Checkable.Result check(Checkable image, Checkable.Repair repair, Terminal terminal)
      throws BlockException {
    var listener =
        new Checkable.Listener() {
          @Override
          public void found(String line) {
            terminal.line(line);
          }

          @Override
          public void failed(BlockException reason) {
            terminal.error(reason);
          }

          @Override
          public void progress(long done, long total) {
            // A check shows its findings, not how far it is.
          }
        };
    try {
      return image.check(repair, listener);
    } catch (BlockException e) {
      throw new BlockException(e.errno(), "Check failed: " + e.errno().text());
    }
  }

  private static Checkable.Result withFixed(
      Checkable.Result result, long leaksFixed, long corruptionsFixed) {
    return new Checkable.Result(
        result.corruptions(),
        result.leaks(),
        result.checkErrors(),
        corruptionsFixed,
        leaksFixed,
        result.imageEndOffset(),
        result.totalClusters(),
        result.allocatedClusters(),
        result.fragmentedClusters(),
        result.compressedClusters());
  }

  private static String toText(Checkable.Result result) {
    var text = new StringBuilder();
    if (result.corruptions() == 0 && result.leaks() == 0 && result.checkErrors() == 0) {
      text.append("No errors were found on the image.\n");
    }
    if (result.corruptions() > 0) {
      text.append('\n').append(result.corruptions()).append(" errors were found on the image.\n");
      text.append("Data may be corrupted, or further writes to the image may corrupt it.\n");
    }
    if (result.leaks() > 0) {
      text.append('\n').append(result.leaks());
      text.append(" leaked clusters were found on the image.\n");
      text.append("This means waste of disk space, but no harm to data.\n");
    }
    if (result.checkErrors() > 0) {
      text.append('\n').append(result.checkErrors());
      text.append(" internal errors have occurred during the check.\n");
    }
    if (result.totalClusters() > 0 && result.allocatedClusters() > 0) {
      text.append(result.allocatedClusters()).append('/').append(result.totalClusters());
      text.append(" = ");
      percent(text, result.allocatedClusters(), result.totalClusters()).append(" allocated, ");
      percent(text, result.fragmentedClusters(), result.allocatedClusters())
          .append(" fragmented, ");
      percent(text, result.compressedClusters(), result.allocatedClusters())
          .append(" compressed clusters\n");
    }
    if (result.imageEndOffset() > 0) {
      text.append("Image end offset: ").append(result.imageEndOffset()).append('\n');
    }
    return text.toString();
  }

  private static StringBuilder percent(StringBuilder text, long part, long whole) {
    // Of the exact double, half to even: as printf(3) rounds 3.125.
    var value = new BigDecimal(Math.max(part, 0) * 100.0 / whole);
    return text.append(value.setScale(2, RoundingMode.HALF_EVEN).toPlainString()).append('%');
  }

  private static JsonObject toJson(Checkable.Result result, String name, String format) {
    var json = new JsonObject();
    putIfAny(json, "image-end-offset", result.imageEndOffset());
    putIfAny(json, "total-clusters", result.totalClusters());
    json.put("check-errors", result.checkErrors());
    putIfAny(json, "corruptions", result.corruptions());
    putIfAny(json, "leaks", result.leaks());
    putIfAny(json, "corruptions-fixed", result.corruptionsFixed());
    putIfAny(json, "leaks-fixed", result.leaksFixed());
    putIfAny(json, "allocated-clusters", result.allocatedClusters());
    putIfAny(json, "fragmented-clusters", result.fragmentedClusters());
    putIfAny(json, "compressed-clusters", result.compressedClusters());
    json.put("filename", name);
    json.put("format", format);
    return json;
  }

  private static void putIfAny(JsonObject json, String name, long value) {
    if (value > 0) {
      json.put(name, value);
    }
  }
}
