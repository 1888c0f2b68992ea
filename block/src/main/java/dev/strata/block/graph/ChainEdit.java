// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BackingEditable;
import dev.strata.block.driver.BackingReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Changes of images in use: who stands on what. Each waits for the requests in flight and is made
 * as a whole or not at all; none from inside a request.
 */
public final class ChainEdit {
  private ChainEdit() {}

  /**
   * Gives the users of a node another one that reads the same. The node stays open if it is kept or
   * used.
   */
  public static void replace(BlockNode from, BlockNode to) throws BlockException {
    BlockGraph graph = from.graph();
    graph.quiesced(
        List.of(from, to),
        () -> {
          UserMove.run(from, to);
          graph.closeUnused(from);
        });
  }

  /**
   * Puts an overlay over a node: the node's users go on with the overlay, whose backing file the
   * node becomes.
   */
  public static void putOverlay(BlockNode node, BlockNode overlay) throws BlockException {
    BlockGraph graph = node.graph();
    graph.quiesced(
        List.of(node, overlay),
        () -> {
          graph.changeBacking(overlay, node);
          try {
            UserMove.run(node, overlay);
          } catch (BlockException e) {
            graph.changeBacking(overlay, null);
            throw e;
          }
        });
  }

  /** Takes an overlay from a node again; its users are the node's. */
  public static void takeOverlay(BlockNode node, BlockNode overlay) throws BlockException {
    BlockGraph graph = node.graph();
    graph.quiesced(
        List.of(node, overlay),
        () -> {
          UserMove.run(overlay, node);
          graph.changeBacking(overlay, null);
        });
  }

  /**
   * Has an image's header name another backing file, or none; one that is read-only is writable for
   * that moment.
   */
  public static void nameBacking(BlockNode image, @Nullable BackingReference reference)
      throws BlockException {
    BlockGraph graph = image.graph();
    synchronized (graph) {
      boolean writable = image.flags().writable();
      if (!writable) {
        graph.makeWritable(image, true);
      }
      try {
        graph.quiesced(List.of(image), () -> editHeader(image, reference));
      } finally {
        if (!writable) {
          graph.makeWritable(image, false);
        }
      }
    }
  }

  private static void editHeader(BlockNode image, @Nullable BackingReference reference)
      throws BlockException {
    Optional<BackingEditable> header = image.capability(BackingEditable.class);
    if (header.isEmpty()) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    header.get().changeBacking(reference);
    image.graph().backingNamed(image, reference);
    Edge backing = image.backing();
    image.backingOverridden(backing != null && !NodeFilename.isNamed(image, backing.node()));
  }

  /** The images whose backing file a node is, filters between them left out. */
  public static List<BlockNode> overlays(BlockNode node) {
    var found = new ArrayList<BlockNode>();
    synchronized (node.graph()) {
      for (NodeUser user : node.users()) {
        if (user instanceof Edge edge && edge.parent().backing() == edge) {
          found.add(edge.parent());
        }
      }
    }
    return found;
  }
}
