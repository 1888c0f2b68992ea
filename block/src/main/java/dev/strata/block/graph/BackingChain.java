// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.driver.BackingReference;
import dev.strata.block.option.ImageName;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds layers of a backing chain by the names that images have for them. */
public final class BackingChain {
  private BackingChain() {}

  /**
   * The layer below {@code top} that a name means.
   *
   * @param name as an image of the chain could name it: a relative path starts in the folder of the
   *     image whose backing file is meant
   * @return the node, or null if no layer has that name
   */
  public static @Nullable BlockNode find(BlockNode top, String name) {
    BlockNode node = top.skipFilters();
    for (Edge edge = node.backing(); edge != null; edge = node.backing()) {
      if (names(node, edge.node(), name)) {
        return edge.node();
      }
      node = edge.node().skipFilters();
    }
    return null;
  }

  private static boolean names(BlockNode node, BlockNode backing, String name) {
    String full = backing.filename();
    BackingReference named = node.namedBacking();
    if (name.isEmpty()) {
      return false;
    }
    if (name.equals(full)) {
      return true;
    }
    boolean isPlain = ImageName.protocol(name) == null && ImageName.protocol(full) == null;
    if (!isPlain) {
      return named != null && !node.backingOverridden() && name.equals(named.filename());
    }
    String place = NodeFilename.place(node);
    Path wanted = place == null ? null : real(ImageName.combine(place, name));
    return wanted != null && wanted.equals(real(full));
  }

  private static @Nullable Path real(String name) {
    try {
      return Path.of(name).toRealPath();
    } catch (IOException | InvalidPathException e) {
      return null; // names no file, so not the same one either
    }
  }
}
