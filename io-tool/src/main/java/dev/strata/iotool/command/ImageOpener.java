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
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
                OpenGate.AS_QEMU));
    try {
      if (throwAway) {
        node = overlay(graph, node, flags);
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

  /** A new image, lost when closed, that takes all writes in place of {@code base}. */
  private static BlockNode overlay(BlockGraph graph, BlockNode base, NodeFlags flags)
      throws BlockException {
    Path file;
    try {
      file = Files.createTempFile("vl.", "");
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Could not get temporary filename: " + e.getMessage())
          .causedBy(e);
    }
    try {
      var creation = new BlockOptions();
      creation.put("size", base.length());
      graph.create(graph.drivers().require("qcow2"), file.toString(), creation);
      // Nobody misses what is written here after a crash.
      NodeFlags loose = flags.withCache(false, true);
      return graph.open(
          OpenRequest.of(
              file.toString(),
              BlockOptions.of("driver", "qcow2", "backing", base.name()),
              loose,
              OpenGate.AS_QEMU));
    } finally {
      // The open file lives on without its name.
      deleteQuietly(file);
    }
  }

  private static void deleteQuietly(Path file) throws BlockException {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Could not remove '" + file + "'").causedBy(e);
    }
  }
}
