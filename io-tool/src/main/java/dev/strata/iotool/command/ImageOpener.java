// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.graph.TemporaryOverlay;
import dev.strata.block.image.ImageFile;
import dev.strata.block.image.SafetyInspection;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import org.jspecify.annotations.Nullable;

/** Opens an image as a session's user asks for it. */
final class ImageOpener {
  private ImageOpener() {}

  static BlockBackend open(
      BlockGraph graph, @Nullable String filename, BlockOptions options, OpenMode mode)
      throws BlockException {
    if (mode.isForceShare()) {
      options.put("force-share", "on");
    }
    OpenGate gate = OpenGate.AS_QEMU;
    if (mode.isUntrusted()) {
      SafetyInspection.of(ImageFile.of(filename, options, graph.drivers())).requireHarmless();
      gate = OpenGate.DENY;
    }
    String aio = mode.aio();
    if (aio != null) {
      putAio(graph, filename, options, aio);
    }
    NodeFlags flags = mode.flags();
    boolean throwAway = mode.isSnapshot();
    BlockNode node =
        graph.open(
            new OpenRequest(
                filename,
                options,
                throwAway ? flags.withWritable(false) : flags,
                false,
                false,
                gate));
    try {
      if (throwAway) {
        node = TemporaryOverlay.open(graph, node, flags);
      }
      if (mode.isCopyOnRead()) {
        if (!node.flags().writable()) {
          throw new BlockException(Errno.EINVAL, "Can't use copy-on-read on read-only device");
        }
        node.copyOnRead(true);
      }
      BlockBackend backend = graph.use(node, "", Session.permissions(flags.writable()));
      backend.writeThrough(mode.cacheMode().writeThrough());
      return backend;
    } catch (BlockException e) {
      graph.close(node);
      throw e;
    }
  }

  /** The option belongs to the file, which is below unless the driver itself is a protocol's. */
  private static void putAio(
      BlockGraph graph, @Nullable String filename, BlockOptions options, String aio)
      throws BlockException {
    String driver = options.string("driver");
    if (driver != null && isHostFile(driver)) {
      options.putIfAbsent("aio", aio);
    } else if (filename == null
        || (!ImageName.isJson(filename)
            && isHostFile(graph.drivers().protocolOf(filename, true).name()))) {
      options.putIfAbsent("file.aio", aio);
    }
  }

  /** Whether that driver stands for a file or device of the host. */
  static boolean isHostFile(String driver) {
    return switch (driver) {
      case "file", "host_device", "host_cdrom" -> true;
      default -> false;
    };
  }
}
