// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNull;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.block.json.JsonWriter;
import dev.strata.block.json.KeyOrder;
import dev.strata.block.option.ImageName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The file name that opens a node's content again: plain where that says it all, else {@code
 * json:}.
 */
final class NodeFilename {
  private NodeFilename() {}

  static String of(BlockNode node) {
    String exact = exact(node);
    return exact != null ? exact : "json:" + JsonWriter.compact(options(node), KeyOrder.REFERENCE);
  }

  static @Nullable String exact(BlockNode node) {
    if (!node.isOpen() || node.kind() == DriverKind.PROTOCOL || node.edges().isEmpty()) {
      return node.isOpen() ? node.driver().exactFilename() : null;
    }
    if (hasContentOptions(node) || isBackingOverridden(node)) {
      return null;
    }
    String own = node.driver().exactFilename();
    if (own != null) {
      return own;
    }
    Edge file = node.edge("file");
    return file != null
            && node.kind() == DriverKind.FORMAT
            && file.node().factory().protocol() != null
        ? exact(file.node())
        : null;
  }

  private static boolean hasContentOptions(BlockNode node) {
    if (node.factory().everyOptionIsContent()) {
      return false; // the driver judges that itself
    }
    for (String name : node.factory().contentOptions()) {
      if (node.options().has(name) || node.options().hasSection(name)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isBackingOverridden(BlockNode node) {
    // Without I/O the backing file is left closed on purpose.
    if (!node.supportsBacking() || node.flags().noIo()) {
      return false;
    }
    return node.backing() == null ? node.namedBacking() != null : node.backingOverridden();
  }

  /** Whether a node is what the image would open as its backing file, filters over it left out. */
  static boolean isNamed(BlockNode node, BlockNode backing) {
    BackingReference named = node.namedBacking();
    String found = backing.skipFilters().filename();
    try {
      return named != null
          && (found.equals(named.filename()) || found.equals(combine(node, named.filename())));
    } catch (BlockException e) {
      return false; // relative to what has no folder
    }
  }

  /** All options that open the same content again. */
  static JsonObject options(BlockNode node) {
    var all = new JsonObject();
    if (node.factory().everyOptionIsContent()) {
      putOwnOptions(node, all);
    }
    for (String name : node.factory().contentOptions()) {
      JsonValue value = node.options().get(name);
      if (name.endsWith(".")) {
        putAll(node, name, all);
      } else if (value != null) {
        all.put(name, value);
      } else if (node.options().hasSection(name)) {
        all.put(name, node.options().copy().section(name).toJson());
      }
    }
    for (Edge edge : node.edges()) {
      if (edge == node.backing()) {
        continue;
      }
      putChild(all, edge.name(), options(edge.node()));
    }
    if (isBackingOverridden(node)) {
      Edge backing = node.backing();
      all.put("backing", backing == null ? JsonNull.NULL : options(backing.node()));
    }
    all.put("driver", node.driverName());
    return all;
  }

  /** Children {@code a.0}, {@code a.1}, … are an array {@code a}. */
  private static void putChild(JsonObject all, String edge, JsonObject child) {
    int dot = edge.lastIndexOf('.');
    if (dot < 0) {
      all.put(edge, child);
      return;
    }
    String name = edge.substring(0, dot);
    if (!(all.get(name) instanceof JsonArray)) {
      all.put(name, new JsonArray());
    }
    if (all.get(name) instanceof JsonArray array) {
      array.add(child);
    }
  }

  /**
   * Puts the options whose names begin with {@code start}, with their dotted names. The last comes
   * first: the reference moves them from one hash table to another, which turns them round.
   */
  private static void putAll(BlockNode node, String start, JsonObject all) {
    for (String name : List.copyOf(node.options().names()).reversed()) {
      JsonValue value = node.options().get(name);
      if (value != null && name.startsWith(start)) {
        all.put(name, value);
      }
    }
  }

  /** Puts the options that are no child's, with their dotted names. */
  private static void putOwnOptions(BlockNode node, JsonObject all) {
    for (String name : node.options().names()) {
      int dot = name.indexOf('.');
      JsonValue value = node.options().get(name);
      if (value != null
          && !name.startsWith("x-")
          && node.edge(dot < 0 ? name : name.substring(0, dot)) == null) {
        all.put(name, value);
      }
    }
  }

  /**
   * A name that an image gives, as seen from where we are: relative ones are relative to the
   * image's folder.
   */
  static String combine(BlockNode node, String name) throws BlockException {
    if (name.isEmpty() || ImageName.protocol(name) != null || ImageName.isAbsolute(name)) {
      return name;
    }
    String image = place(node);
    if (image == null) {
      throw new BlockException(
          Errno.EINVAL, "Cannot use relative backing file names for '" + of(node) + "'");
    }
    return ImageName.combine(image, name);
  }

  /**
   * The plain name of the file at the bottom, whose folder the image is in. Unlike {@link #exact}
   * it does not matter with what options and backing file the image is open.
   */
  static @Nullable String place(BlockNode node) {
    BlockNode below = node;
    while (below.kind() != DriverKind.PROTOCOL) {
      Edge file = below.edge("file");
      if (file == null && below.kind() == DriverKind.FILTER && !below.edges().isEmpty()) {
        file = below.edges().get(0);
      }
      if (file == null) {
        return exact(below);
      }
      below = file.node();
    }
    return exact(below);
  }
}
