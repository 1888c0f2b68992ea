// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.driver.BitmapStore;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Optional;

/** Dirty bitmaps of nodes. */
final class BitmapCommands {
  private static final int MAX_NAME = 1023; // bytes, as qcow2 keeps them
  private static final long MIN_GRANULARITY = 512;
  private static final long MIN_DEFAULT_GRANULARITY = 4096;
  private static final long MAX_DEFAULT_GRANULARITY = 65536;

  private final Monitor monitor;

  BitmapCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    var own = new BitmapCommands(monitor);
    monitor.commands().add("block-dirty-bitmap-add", own::add);
    monitor.commands().add("block-dirty-bitmap-remove", own::remove);
    monitor.commands().add("block-dirty-bitmap-clear", own::clear);
    monitor.commands().add("block-dirty-bitmap-enable", arguments -> own.enable(arguments, true));
    monitor.commands().add("block-dirty-bitmap-disable", arguments -> own.enable(arguments, false));
    monitor.commands().add("block-dirty-bitmap-merge", own::merge);
    monitor.commands().add("x-debug-block-dirty-bitmap-sha256", own::hash);
  }

  /** The node that a command is about. */
  BlockNode node(JsonObject arguments) throws BlockException {
    return node(required(arguments, "node"));
  }

  private BlockNode node(String name) throws BlockException {
    return monitor.node(name, name);
  }

  private DirtyBitmap lookUp(String nodeName, String name) throws BlockException {
    BlockNode node = monitor.find(nodeName);
    if (node == null) {
      throw new BlockException(Errno.ENODEV, "Node '" + nodeName + "' not found");
    }
    DirtyBitmap bitmap = node.bitmaps().find(name);
    if (bitmap == null) {
      throw new BlockException(Errno.ENOENT, "Dirty bitmap '" + name + "' not found");
    }
    return bitmap;
  }

  private DirtyBitmap find(String nodeName, String name, boolean anyState) throws BlockException {
    DirtyBitmap bitmap = lookUp(nodeName, name);
    bitmap.checkIdle();
    if (!anyState) {
      bitmap.checkUsable();
    }
    return bitmap;
  }

  JsonValue add(JsonObject arguments) throws BlockException {
    String name = required(arguments, "name");
    if (name.isEmpty()) {
      throw new BlockException(Errno.EINVAL, "Bitmap name cannot be empty");
    }
    BlockNode node = node(arguments);
    long granularity = defaultGranularity(node);
    if (arguments.get("granularity") instanceof JsonNumber given) {
      granularity = given.bits();
      if (granularity < MIN_GRANULARITY || Long.bitCount(granularity) != 1) {
        throw new BlockException(
            Errno.EINVAL, "Granularity must be power of 2 and at least " + MIN_GRANULARITY);
      }
    }
    if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME) {
      throw new BlockException(Errno.EINVAL, "Bitmap name too long: " + name);
    }
    boolean persistent = flag(arguments, "persistent", false);
    if (node.bitmaps().find(name) != null) {
      throw new BlockException(Errno.EEXIST, "Bitmap already exists: " + name);
    }
    if (persistent) {
      checkStore(node, name, granularity);
    }
    var bitmap = new DirtyBitmap(name, granularity, node.length());
    bitmap.enable(!flag(arguments, "disabled", false));
    bitmap.keep(persistent);
    node.bitmaps().add(bitmap);
    return new JsonObject();
  }

  private static long defaultGranularity(BlockNode node) {
    Optional<ImageInfo> info = node.capability(ImageInfo.class);
    long cluster = info.isPresent() ? info.get().clusterSize() : 0;
    return cluster <= 0
        ? MAX_DEFAULT_GRANULARITY
        : Math.clamp(cluster, MIN_DEFAULT_GRANULARITY, MAX_DEFAULT_GRANULARITY);
  }

  private static void checkStore(BlockNode node, String name, long granularity)
      throws BlockException {
    Optional<BitmapStore> store = node.capability(BitmapStore.class);
    if (store.isEmpty()) {
      throw new BlockException(
          Errno.EOPNOTSUPP,
          "Can't store persistent bitmaps to " + node.name() + ": Operation not supported");
    }
    store.get().checkNewBitmap(name, granularity);
  }

  JsonValue remove(JsonObject arguments) throws BlockException {
    DirtyBitmap bitmap = findToChange(arguments, "name", true);
    node(arguments).bitmaps().remove(bitmap);
    return new JsonObject();
  }

  JsonValue clear(JsonObject arguments) throws BlockException {
    findToChange(arguments, "name", false).clear();
    return new JsonObject();
  }

  /**
   * The same for a bitmap that is not to be only read: an image that is read-only keeps its own.
   */
  DirtyBitmap findToChange(JsonObject arguments, String member, boolean anyState)
      throws BlockException {
    DirtyBitmap bitmap = find(arguments, member, anyState);
    if (bitmap.persistent() && !node(arguments).flags().writable()) {
      throw new BlockException(
          Errno.EROFS, "Bitmap '" + bitmap.name() + "' is readonly and cannot be modified");
    }
    return bitmap;
  }

  /** Of the bits as they lie in memory, least significant first, in words of 64. */
  private JsonValue hash(JsonObject arguments) throws BlockException {
    long[] words = lookUp(required(arguments, "node"), required(arguments, "name")).toWords();
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      for (long word : words) {
        digest.update(bytes.clear().putLong(word).array());
      }
      return new JsonObject().put("sha256", HexFormat.of().formatHex(digest.digest()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** The bitmap that a command is about; {@code member} has its name. */
  DirtyBitmap find(JsonObject arguments, String member, boolean anyState) throws BlockException {
    return find(required(arguments, "node"), required(arguments, member), anyState);
  }

  private JsonValue enable(JsonObject arguments, boolean enabled) throws BlockException {
    find(required(arguments, "node"), required(arguments, "name"), false).enable(enabled);
    return new JsonObject();
  }

  /** All are found before the first is merged: it succeeds or changes nothing. */
  JsonValue merge(JsonObject arguments) throws BlockException {
    String nodeName = required(arguments, "node");
    DirtyBitmap target = findToChange(arguments, "target", false);
    var sources = new ArrayList<DirtyBitmap>();
    if (arguments.get("bitmaps") instanceof JsonArray array) {
      for (JsonValue each : array) {
        switch (each) {
          case JsonString(String name) -> sources.add(find(nodeName, name, false));
          case JsonObject there ->
              sources.add(find(required(there, "node"), required(there, "name"), false));
          default -> throw new IllegalArgumentException("the schema lets other bitmaps pass");
        }
      }
    }
    for (DirtyBitmap source : sources) {
      target.checkMergeable(source);
    }
    for (DirtyBitmap source : sources) {
      target.merge(source);
    }
    return new JsonObject();
  }
}
