// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.option.BlockOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A new image over another that takes all writes in its place and is lost when closed. */
public final class TemporaryOverlay {
  private TemporaryOverlay() {}

  /**
   * Opens an overlay of {@code base}.
   *
   * @param flags how it is opened
   */
  public static BlockNode open(BlockGraph graph, BlockNode base, NodeFlags flags)
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
      delete(file);
    }
  }

  private static void delete(Path file) throws BlockException {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Could not remove '" + file + "'").causedBy(e);
    }
  }
}
