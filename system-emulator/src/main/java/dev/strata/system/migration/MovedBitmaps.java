// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonArray;
import dev.strata.monitor.command.Monitor;
import dev.strata.system.migration.BitmapAliases.Alias;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Dirty bitmaps that go with a machine, in a record of its stream:
 *
 * <pre>
 *   bitmaps   number u32, bitmap*, CRC-32C u32
 *   bitmap    node's name, bitmap's name, granularity u32, flags u8, the node's bytes u64,
 *             words u32, those words of 64 bits
 *   name      length u16, UTF-8
 * </pre>
 *
 * <p>One thread.
 */
final class MovedBitmaps {
  private static final int ENABLED = 1;
  private static final int PERSISTENT = 2;
  private static final int MOST = 65535;
  private static final int LONGEST_NAME = 1023; // bytes, as qcow2 keeps them

  private final Monitor monitor;
  private final Parameters parameters;
  private final List<Coming> coming = new ArrayList<>();

  MovedBitmaps(Monitor monitor, Parameters parameters) {
    this.monitor = monitor;
    this.parameters = parameters;
  }

  private record Leaving(String node, String name, boolean persistent, DirtyBitmap bitmap) {}

  private record Coming(String node, String name, boolean persistent, DirtyBitmap bitmap) {}

  private @Nullable BitmapAliases aliases() throws BlockException {
    JsonArray mapping = parameters.mapping();
    return mapping == null ? null : BitmapAliases.of(mapping);
  }

  /** Writes those that go. */
  void write(DataOutputStream to) throws IOException {
    var leaving = new ArrayList<Leaving>();
    BitmapAliases aliases = aliases();
    for (Map.Entry<BlockNode, String> each : holders().entrySet()) {
      for (DirtyBitmap bitmap : each.getKey().bitmaps().all()) {
        addTo(leaving, each.getKey(), each.getValue(), bitmap, aliases);
      }
    }
    var summed = new CheckedOutputStream(to, new CRC32C());
    var out = new DataOutputStream(summed);
    out.writeInt(leaving.size());
    for (Leaving each : leaving) {
      DirtyBitmap bitmap = each.bitmap;
      name(each.node, out);
      name(each.name, out);
      out.writeInt((int) bitmap.granularity());
      out.writeByte((bitmap.enabled() ? ENABLED : 0) | (each.persistent ? PERSISTENT : 0));
      out.writeLong(bitmap.length());
      long[] words = bitmap.toWords();
      out.writeInt(words.length);
      for (long word : words) {
        out.writeLong(word);
      }
    }
    to.writeInt((int) summed.getChecksum().getValue());
  }

  private static void addTo(
      List<Leaving> all,
      BlockNode node,
      String nodeName,
      DirtyBitmap bitmap,
      @Nullable BitmapAliases aliases)
      throws BlockException {
    Alias alias = null;
    if (aliases != null) {
      alias = aliases.leaving(node.name(), bitmap.name());
      if (alias == null) {
        return;
      }
    }
    if (bitmap.busy() || bitmap.inconsistent()) {
      throw error(
          "Bitmap '"
              + bitmap.name()
              + (bitmap.busy()
                  ? "' is currently in use by another operation and cannot be used"
                  : "' is inconsistent and cannot be used"));
    }
    if (alias != null) {
      Boolean persistent = alias.persistent();
      boolean kept = persistent == null ? bitmap.persistent() : persistent;
      all.add(new Leaving(alias.nodeAlias(), alias.bitmapAlias(), kept, bitmap));
    } else if (nodeName.startsWith("#")) {
      throw error("Bitmap '" + bitmap.name() + "' in unnamed node can't be migrated");
    } else {
      all.add(new Leaving(nodeName, bitmap.name(), bitmap.persistent(), bitmap));
    }
  }

  /** Nodes, by what they are known elsewhere. */
  private Map<BlockNode, String> holders() {
    var all = new LinkedHashMap<BlockNode, String>();
    for (GuestDrive drive : monitor.drives().all()) {
      BlockBackend medium = drive.medium();
      if (medium != null && !drive.name().isEmpty()) {
        all.putIfAbsent(medium.node().skipFilters(), drive.name());
      }
    }
    for (BlockNode node : monitor.graph().nodes()) {
      all.putIfAbsent(node, node.name());
    }
    return all;
  }

  private static void name(String name, DataOutputStream out) throws IOException {
    byte[] bytes = name.getBytes(UTF_8);
    out.writeShort(bytes.length);
    out.write(bytes);
  }

  private static BlockException error(String what) {
    return new BlockException(Errno.EINVAL, what);
  }

  /** Reads those that come; they are nobody's before {@link #putIn}. */
  void read(DataInputStream from) throws IOException {
    var summed = new CheckedInputStream(from, new CRC32C());
    var in = new DataInputStream(summed);
    int number = in.readInt();
    if (number < 0 || number > MOST) {
      throw error("the stream has " + number + " bitmaps");
    }
    BitmapAliases aliases = aliases();
    long left = DirtyBitmap.MAX_BITS / 64; // words of all together
    coming.clear();
    for (int index = 0; index < number; index++) {
      String node = name(in);
      String name = name(in);
      if (aliases != null) {
        Alias alias = aliases.coming(node, name);
        if (alias == null) {
          throw error("Unknown bitmap alias '" + name + "' on node '" + node + "'");
        }
        node = alias.node();
        name = alias.bitmap();
      }
      left = read(node, name, left, in);
    }
    if (from.readInt() != (int) summed.getChecksum().getValue()) {
      throw error("dirty bitmaps have a wrong checksum");
    }
  }

  /** How many words there may be yet. */
  private long read(String nodeName, String name, long left, DataInputStream in)
      throws IOException {
    int granularity = in.readInt();
    int flags = in.readUnsignedByte();
    long length = in.readLong();
    int count = in.readInt();
    if (granularity < 512 || Integer.bitCount(granularity) != 1 || length < 0) {
      throw error("bitmap '" + name + "' has a granularity of " + granularity);
    }
    long words = length == 0 ? 0 : (length - 1) / granularity / 64 + 1;
    if (count != words || words > left) {
      throw error("bitmap '" + name + "' has " + count + " words");
    }
    if (monitor.find(nodeName) == null) {
      throw error("Unknown node '" + nodeName + "'");
    }
    var bitmap = new DirtyBitmap(name, granularity, length);
    var bits = new long[count];
    for (int index = 0; index < count; index++) {
      bits[index] = in.readLong();
    }
    bitmap.setWords(bits);
    bitmap.enable((flags & ENABLED) != 0);
    coming.add(new Coming(nodeName, name, (flags & PERSISTENT) != 0, bitmap));
    return left - words;
  }

  private static String name(DataInputStream in) throws IOException {
    int length = in.readUnsignedShort();
    if (length < 1 || length > LONGEST_NAME) {
      throw error("a name of " + length + " bytes");
    }
    return new String(in.readNBytes(length), UTF_8);
  }

  /** Has those that came be their nodes', which are active; they take the place of the image's. */
  void putIn() throws BlockException {
    for (Coming each : coming) {
      BlockNode node = monitor.find(each.node);
      if (node == null) {
        throw error("Unknown node '" + each.node + "'");
      }
      node = node.skipFilters();
      if (each.bitmap.length() != node.length()) {
        throw error(
            "bitmap '" + each.name + "' is of a disk of " + each.bitmap.length() + " bytes");
      }
      DirtyBitmap old = node.bitmaps().find(each.name);
      if (old != null && !old.persistent()) {
        throw error(
            "Bitmap with the same name ('" + each.name + "') already exists on destination");
      }
      if (old != null) {
        node.bitmaps().remove(old);
      }
      each.bitmap.keep(each.persistent);
      node.bitmaps().add(each.bitmap);
    }
    coming.clear();
  }
}
