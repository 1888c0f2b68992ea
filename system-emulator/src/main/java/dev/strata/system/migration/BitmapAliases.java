// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What bitmaps are called on their way.
 *
 * @see "QEMU qapi/migration.json, BitmapMigrationNodeAlias"
 */
record BitmapAliases(List<Alias> all) {
  private static final int LONGEST = 255; // bytes

  /**
   * A bitmap's.
   *
   * @param persistent whether it is the image's where it arrives; null for as it was
   */
  record Alias(
      String node,
      String nodeAlias,
      String bitmap,
      String bitmapAlias,
      @Nullable Boolean persistent) {}

  /** What the parameter says. */
  static BitmapAliases of(JsonValue mapping) throws BlockException {
    var all = new ArrayList<Alias>();
    var nodes = new HashSet<String>();
    var nodeAliases = new HashSet<String>();
    for (JsonValue each :
        mapping instanceof JsonArray array ? array.items() : List.<JsonValue>of()) {
      if (each instanceof JsonObject node) {
        String name = text(node, "node-name");
        String alias = text(node, "alias");
        if (name.isEmpty() || alias.isEmpty() || isLong(alias)) {
          throw wrong(
              "The node name and alias take 1 to 255 bytes: '" + name + "', '" + alias + "'");
        }
        if (!nodes.add(name)) {
          throw wrong("The node name '" + name + "' is mapped twice");
        }
        if (!nodeAliases.add(alias)) {
          throw wrong("The node alias '" + alias + "' is used twice");
        }
        addBitmaps(node, name, alias, all);
      }
    }
    return new BitmapAliases(all);
  }

  private static void addBitmaps(JsonObject node, String name, String alias, List<Alias> all)
      throws BlockException {
    var names = new HashSet<String>();
    var aliases = new HashSet<String>();
    List<JsonValue> bitmaps =
        node.get("bitmaps") instanceof JsonArray array ? array.items() : List.of();
    for (JsonValue each : bitmaps) {
      if (each instanceof JsonObject bitmap) {
        String own = text(bitmap, "name");
        String moved = text(bitmap, "alias");
        if (isLong(moved)) {
          throw wrong("The bitmap alias '" + moved + "' is longer than 255 bytes");
        }
        if (!names.add(own)) {
          throw wrong("The bitmap '" + name + "'/'" + own + "' is mapped twice");
        }
        if (!aliases.add(moved)) {
          throw wrong("The bitmap alias '" + alias + "'/'" + moved + "' is used twice");
        }
        Boolean persistent = persistent(bitmap.get("transform"));
        all.add(new Alias(name, alias, own, moved, persistent));
      }
    }
  }

  private static @Nullable Boolean persistent(@Nullable JsonValue transform) {
    if (transform instanceof JsonObject given
        && given.get("persistent") instanceof JsonBool(boolean value)) {
      return value;
    }
    return null;
  }

  private static boolean isLong(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length > LONGEST;
  }

  private static String text(JsonObject of, String name) {
    String text = of.string(name);
    return text == null ? "" : text;
  }

  private static BlockException wrong(String what) {
    return new BlockException(Errno.EINVAL, what);
  }

  /** The one of a bitmap here; null if it stays. */
  @Nullable Alias leaving(String node, String bitmap) {
    for (Alias each : all) {
      if (each.node.equals(node) && each.bitmap.equals(bitmap)) {
        return each;
      }
    }
    return null;
  }

  /** The one of a bitmap that comes; null if nobody knows it. */
  @Nullable Alias coming(String nodeAlias, String bitmapAlias) {
    for (Alias each : all) {
      if (each.nodeAlias.equals(nodeAlias) && each.bitmapAlias.equals(bitmapAlias)) {
        return each;
      }
    }
    return null;
  }
}
