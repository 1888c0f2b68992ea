// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver.tool;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.graph.TemporaryOverlay;
import dev.strata.block.image.ImageFile;
import dev.strata.block.image.SafetyInspection;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import dev.strata.block.option.OptionString;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Terminal;
import dev.strata.nbdserver.Export;
import dev.strata.nbdserver.StatusContext;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Opens the image as the command line asks for it, and says how it is exported. */
final class ExportedImage implements AutoCloseable {
  private final CommandLine given;
  private final Terminal terminal;
  private final BlockGraph graph;

  /** Opens nothing yet. */
  ExportedImage(CommandLine given, Terminal terminal) {
    this.given = given;
    this.terminal = terminal;
    this.graph = new BlockGraph(DriverRegistry.load(), given.objects, terminal::note);
    graph.listener(terminal::hear);
  }

  /** Closes the image, with all its data on stable storage. */
  @Override
  public void close() throws BlockException {
    try {
      graph.close();
    } finally {
      given.objects.close();
    }
  }

  /** Opens the image. */
  Export open() throws BlockException {
    CacheMode cache = given.cache == null ? CacheMode.WRITEBACK : given.cache;
    NodeFlags flags =
        NodeFlags.READ_ONLY
            .withWritable(!given.readOnly)
            .withUnmap(given.unmap())
            .withCache(cache.direct(), cache.noFlush());
    BlockNode node = openNode(flags);
    if (given.snapshot != null) {
      given.snapshot.load(node);
    }
    BlockNode image = node;
    if (given.offset > 0) {
      node =
          graph.open(
              new OpenRequest(
                  null,
                  BlockOptions.of(
                      "driver", "raw", "file", node.name(), "offset", String.valueOf(given.offset)),
                  flags,
                  false,
                  false,
                  OpenGate.AS_QEMU));
    }
    BlockBackend disk = graph.use(node, "", Export.permissions(node.flags().writable()));
    disk.writeThrough(cache.writeThrough());
    String name = given.exportName == null ? "" : given.exportName;
    String description = given.description == null ? "" : given.description;
    boolean readOnly = !node.flags().writable();
    return new Export(
        name, description, disk, readOnly, given.shared != 1, contexts(image, readOnly));
  }

  private BlockNode openNode(NodeFlags flags) throws BlockException {
    var options = new BlockOptions();
    String filename = given.filename;
    if (given.imageOptions) {
      if (given.format != null) {
        throw new BlockException(Errno.EINVAL, "--image-opts and -f are mutually exclusive");
      }
      options =
          OptionString.parse(filename, "file", warning -> terminal.error("warning: " + warning));
      filename = null;
    } else if (given.format != null) {
      options.put("driver", given.format);
    }
    if (given.detectZeroes != null) {
      options.putIfAbsent("detect-zeroes", given.detectZeroes);
    }
    putAio(filename, options);
    OpenGate gate = OpenGate.AS_QEMU;
    try {
      if (given.untrusted) {
        SafetyInspection.of(ImageFile.of(filename, options, graph.drivers())).requireHarmless();
        gate = OpenGate.DENY;
      }
      BlockNode node =
          graph.open(
              new OpenRequest(
                  filename,
                  options,
                  given.throwAway ? flags.withWritable(false) : flags,
                  false,
                  false,
                  gate));
      return given.throwAway ? TemporaryOverlay.open(graph, node, flags) : node;
    } catch (BlockException e) {
      throw e.during("Failed to blk_new_open '" + given.filename + "'");
    }
  }

  /** The option belongs to the file, which is below unless the driver itself is a protocol's. */
  private void putAio(@Nullable String filename, BlockOptions options) throws BlockException {
    if (given.aio == null || given.aio.equals("threads")) {
      return;
    }
    String driver = options.string("driver");
    if (driver != null && isHostFile(driver)) {
      options.putIfAbsent("aio", given.aio);
    } else if (filename == null
        || (!ImageName.isJson(filename)
            && isHostFile(graph.drivers().protocolOf(filename, true).name()))) {
      options.putIfAbsent("file.aio", given.aio);
    }
  }

  private static boolean isHostFile(String driver) {
    return switch (driver) {
      case "file", "host_device", "host_cdrom" -> true;
      default -> false;
    };
  }

  private List<StatusContext> contexts(BlockNode image, boolean readOnly) throws BlockException {
    var contexts = new ArrayList<StatusContext>();
    contexts.add(new StatusContext.BaseAllocation());
    if (given.allocationDepth) {
      contexts.add(new StatusContext.AllocationDepth());
    }
    var seen = new ArrayList<String>();
    for (String name : given.bitmaps) {
      if (!seen.contains(name)) {
        seen.add(name);
        contexts.add(StatusContext.Bitmap.ofChain(image, name, readOnly));
      }
    }
    return contexts;
  }
}
