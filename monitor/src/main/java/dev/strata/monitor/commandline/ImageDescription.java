// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.block.json.KeyOrder;
import dev.strata.block.option.Printable;
import dev.strata.block.option.Size;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is known of an image, without its content.
 *
 * @param diskSize the bytes that it occupies on the host; -1 if unknown
 * @param clusterSize in bytes; 0 if there are no clusters
 * @param fullBacking the backing file's name as seen from here, or null
 * @param specific the format's own part, or null
 * @see "QEMU qapi/block-core.json, ImageInfo"
 */
public record ImageDescription(
    String filename,
    String format,
    long virtualSize,
    long diskSize,
    boolean encrypted,
    boolean compressed,
    @Nullable Boolean dirty,
    long clusterSize,
    @Nullable BackingReference backing,
    @Nullable String fullBacking,
    List<SnapshotStore.Snapshot> snapshots,
    @Nullable JsonObject specific) {

  /** What is known of that node's image; no request of others is waited for. */
  public static ImageDescription of(BlockNode node) throws BlockException {
    BlockNode holder = node.clusterHolder();
    Optional<ImageInfo> info =
        holder == null ? Optional.empty() : holder.capability(ImageInfo.class);
    Optional<SnapshotStore> snapshots = node.capability(SnapshotStore.class);
    JsonValue specific = info.isPresent() && holder == node ? info.get().formatSpecific() : null;
    String full = null;
    try {
      full = node.fullBackingFilename();
    } catch (BlockException e) {
      // The name alone is still worth telling.
      full = null;
    }
    return new ImageDescription(
        node.filename(),
        node.driverName(),
        node.length(),
        node.allocatedSize(),
        info.isPresent() && holder == node && info.get().encrypted(),
        info.isPresent() && info.get().compressed(),
        holder == null ? null : info.isPresent() && info.get().dirty(),
        info.isPresent() ? info.get().clusterSize() : 0,
        node.namedBacking(),
        full,
        snapshots.isPresent() ? snapshots.get().snapshots() : List.of(),
        specific instanceof JsonObject object ? object : null);
  }

  /** As {@code ImageInfo}. */
  public JsonObject toJson() {
    var json = new JsonObject();
    json.put("virtual-size", virtualSize);
    json.put("filename", filename);
    if (clusterSize > 0) {
      json.put("cluster-size", clusterSize);
    }
    json.put("format", format);
    if (diskSize >= 0) {
      json.put("actual-size", diskSize);
    }
    if (encrypted) {
      json.put("encrypted", true);
    }
    if (compressed) {
      json.put("compressed", true);
    }
    if (!snapshots.isEmpty()) {
      var array = new JsonArray();
      for (SnapshotStore.Snapshot snapshot : snapshots) {
        array.add(snapshot.toJson());
      }
      json.put("snapshots", array);
    }
    if (specific != null) {
      json.put("format-specific", specific);
    }
    BackingReference named = backing;
    if (named != null) {
      json.put("backing-filename", named.filename());
      if (fullBacking != null) {
        json.put("full-backing-filename", fullBacking);
      }
      if (named.format() != null) {
        json.put("backing-filename-format", named.format());
      }
    }
    if (dirty != null) {
      json.put("dirty-flag", dirty);
    }
    return json;
  }

  /** For a reader. */
  public String toText() {
    var text = new StringBuilder();
    text.append("image: ").append(Printable.of(filename)).append('\n');
    text.append("file format: ").append(format).append('\n');
    text.append("virtual size: ").append(Size.human(virtualSize));
    text.append(" (").append(virtualSize).append(" bytes)\n");
    text.append("disk size: ").append(diskSize < 0 ? "unavailable" : Size.human(diskSize));
    text.append('\n');
    if (encrypted) {
      text.append("encrypted: yes\n");
    }
    if (clusterSize > 0) {
      text.append("cluster_size: ").append(clusterSize).append('\n');
    }
    if (Boolean.TRUE.equals(dirty)) {
      text.append("cleanly shut down: no\n");
    }
    BackingReference named = backing;
    if (named != null) {
      text.append("backing file: ").append(Printable.of(named.filename()));
      if (fullBacking == null) {
        text.append(" (cannot determine actual path)");
      } else if (!fullBacking.equals(named.filename())) {
        text.append(" (actual path: ").append(Printable.of(fullBacking)).append(')');
      }
      text.append('\n');
      if (named.format() != null) {
        text.append("backing file format: ").append(Printable.of(named.format())).append('\n');
      }
    }
    if (!snapshots.isEmpty()) {
      text.append("Snapshot list:\n");
      SnapshotTable.append(snapshots, text);
    }
    if (specific != null && specific.get("data") instanceof JsonObject data && !data.isEmpty()) {
      text.append("Format specific information:\n");
      append(data, 1, text);
    }
    return text.toString();
  }

  private static void append(JsonObject object, int level, StringBuilder text) {
    List<String> keys = new ArrayList<>(object.keys());
    keys.sort((a, b) -> Integer.compare(KeyOrder.bucket(a), KeyOrder.bucket(b)));
    for (String key : keys) {
      text.append("    ".repeat(level)).append(key.replace('-', ' ')).append(':');
      appendValue(object.get(key), level, text);
    }
  }

  private static void append(JsonArray array, int level, StringBuilder text) {
    for (int i = 0; i < array.size(); i++) {
      text.append("    ".repeat(level)).append('[').append(i).append("]:");
      appendValue(array.get(i), level, text);
    }
  }

  private static void appendValue(@Nullable JsonValue value, int level, StringBuilder text) {
    if (value instanceof JsonObject object) {
      text.append('\n');
      append(object, level + 1, text);
    } else if (value instanceof JsonArray array) {
      text.append('\n');
      append(array, level + 1, text);
    } else if (value instanceof JsonString(String string)) {
      text.append(' ').append(Printable.of(string)).append('\n');
    } else {
      text.append(' ').append(value).append('\n');
    }
  }
}
