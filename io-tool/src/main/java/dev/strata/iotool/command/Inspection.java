// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.VmStateStore;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonNull;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.Printable;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code alloc}, {@code map}, {@code length} and {@code info}. */
final class Inspection {
  private static final int SECTOR = 512;
  private static final int INDENTATION = 4;

  private Inspection() {}

  static void alloc(Session session, Words words) throws CommandFailure {
    BlockBackend backend = session.backend();
    long offset = Words.number(session, words.get(0));
    long count = words.count() > 1 ? Words.number(session, words.get(1)) : SECTOR;
    count = Math.max(0, Math.min(count, backend.length() - offset));
    long allocated = 0;
    for (long done = 0; done < count; ) {
      Extent extent;
      try {
        extent = backend.status(offset + done, count - done, StatusDetail.ALLOCATION);
      } catch (BlockException e) {
        throw CommandFailure.result("is_allocated failed: " + e.errno().text());
      }
      long length = Math.min(extent.length(), count - done);
      allocated += extent.allocated() ? length : 0;
      done += length;
    }
    session.print(allocated + "/" + count + " bytes allocated at offset " + Quantity.bytes(offset));
  }

  static void map(Session session, Words words) throws CommandFailure {
    BlockBackend backend = session.backend();
    if (!backend.node().hasMedium()) {
      throw CommandFailure.error("Failed to query image length: " + Errno.ENOMEDIUM.text());
    }
    long size = backend.length();
    long start = 0;
    boolean allocated = false;
    for (long offset = 0; offset < size; ) {
      Extent extent;
      try {
        extent = backend.status(offset, size - offset, StatusDetail.ALLOCATION);
      } catch (BlockException e) {
        throw CommandFailure.error("Failed to get allocation status: " + e.errno().text());
      }
      if (offset == 0) {
        allocated = extent.allocated();
      } else if (extent.allocated() != allocated) {
        printRun(session, start, offset, allocated);
        start = offset;
        allocated = extent.allocated();
      }
      offset += extent.length();
    }
    if (start < size) {
      printRun(session, start, size, allocated);
    }
  }

  private static void printRun(Session session, long start, long end, boolean allocated) {
    session.print(
        Quantity.bytes(end - start)
            + " (0x"
            + Long.toHexString(end - start)
            + (allocated ? ") bytes     allocated" : ") bytes not allocated")
            + " at offset "
            + Quantity.bytes(start)
            + " (0x"
            + Long.toHexString(start)
            + ")");
  }

  static void length(Session session, Words words) throws CommandFailure {
    if (!session.node().hasMedium()) {
      throw CommandFailure.result("getlength: " + Errno.ENOMEDIUM.text());
    }
    session.print(Quantity.bytes(session.backend().length()));
  }

  static void info(Session session, Words words) throws CommandFailure {
    BlockNode node = session.node();
    session.print("format name: " + node.driverName());
    if (node.factory().protocol() != null) {
      session.print("format name: " + node.driverName());
    }
    BlockNode holder = node.clusterHolder();
    if (holder == null) {
      throw CommandFailure.told();
    }
    ImageInfo info = holder.capability(ImageInfo.class).orElse(null);
    VmStateStore vmState = node.capability(VmStateStore.class).orElse(null);
    session.print("cluster size: " + Quantity.bytes(info == null ? 0 : info.clusterSize()));
    session.print(
        "vm state offset: " + Quantity.bytes(vmState == null ? 0 : vmState.vmStateOffset()));
    JsonValue specific = null;
    try {
      specific = info == null || holder != node ? null : info.formatSpecific();
    } catch (BlockException e) {
      throw CommandFailure.of(e);
    }
    if (specific instanceof JsonObject object && object.get("data") instanceof JsonObject data) {
      session.print("Format specific information:");
      printMembers(session, data, INDENTATION);
    }
  }

  private static void printMembers(Session session, JsonObject object, int indentation) {
    for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
      String name = member.getKey().replace('-', ' ');
      printValue(session, name + ":", member.getValue(), indentation);
    }
  }

  private static void printValue(Session session, String label, JsonValue value, int indentation) {
    String start = " ".repeat(indentation) + label;
    if (value instanceof JsonObject object) {
      session.print(start);
      printMembers(session, object, indentation + INDENTATION);
    } else if (value instanceof JsonArray array) {
      session.print(start);
      for (int i = 0; i < array.size(); i++) {
        printValue(session, "[" + i + "]:", array.get(i), indentation + INDENTATION);
      }
    } else {
      session.print(start + " " + text(value));
    }
  }

  private static @Nullable String text(JsonValue value) {
    return switch (value) {
      case JsonString(String string) -> Printable.of(string);
      case JsonBool(boolean bool) -> bool ? "true" : "false";
      case JsonNumber number -> number.toString();
      case JsonNull none -> "<null>";
      case JsonObject object -> throw new IllegalArgumentException("no scalar: " + List.of(object));
      case JsonArray array -> throw new IllegalArgumentException("no scalar: " + List.of(array));
    };
  }
}
