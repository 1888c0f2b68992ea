// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.Errno;
import dev.strata.block.driver.BlockEvent;
import dev.strata.block.json.JsonObject;
import dev.strata.monitor.qmp.QmpEvents;
import java.util.function.Consumer;

/** Tells clients what befalls nodes. */
final class GraphEvents implements Consumer<BlockEvent> {
  private static final int SECTOR = 512;

  private final QmpEvents events;
  private final GuestDrives drives;
  private final Consumer<String> lastWords;

  /**
   * For those clients.
   *
   * @param lastWords takes why the program cannot go on
   */
  GraphEvents(QmpEvents events, GuestDrives drives, Consumer<String> lastWords) {
    this.events = events;
    this.drives = drives;
    this.lastWords = lastWords;
  }

  @Override
  public void accept(BlockEvent event) {
    switch (event) {
      case BlockEvent.ImageCorrupted corrupted ->
          events.emit("BLOCK_IMAGE_CORRUPTED", data(corrupted));
      case BlockEvent.QuorumMemberBad bad ->
          // One child's failures do not hide another's.
          events.emitSeldom("QUORUM_REPORT_BAD", bad.node(), data(bad));
      case BlockEvent.QuorumFailed(String node, long offset, long length) ->
          events.emitSeldom(
              "QUORUM_FAILURE",
              "",
              sectors(new JsonObject().put("reference", node), offset, length));
      case BlockEvent.WriteThresholdExceeded(String node, long exceeded, long threshold) ->
          events.emit(
              "BLOCK_WRITE_THRESHOLD",
              new JsonObject()
                  .put("node-name", node)
                  .put("amount-exceeded", exceeded)
                  .put("write-threshold", threshold));
      case BlockEvent.ContentsDiffer(String node, String message) -> lastWords.accept(message);
    }
  }

  private JsonObject data(BlockEvent.ImageCorrupted event) {
    String device = drives.ofNode(event.node());
    var data = new JsonObject().put("device", device).put("msg", event.message());
    if (event.offset() >= 0) {
      data.put("offset", event.offset());
    }
    data.put("node-name", event.node()).put("fatal", event.fatal());
    if (event.length() >= 0) {
      data.put("size", event.length());
    }
    return data;
  }

  private static JsonObject data(BlockEvent.QuorumMemberBad event) {
    JsonObject data =
        sectors(new JsonObject().put("node-name", event.node()), event.offset(), event.length());
    data.put("type", event.request().word());
    Errno error = event.error();
    if (error != null) {
      data.put("error", error.text());
    }
    return data;
  }

  /** All sectors of which the range has a part. */
  private static JsonObject sectors(JsonObject data, long offset, long length) {
    long first = offset / SECTOR;
    long end = (offset + length + SECTOR - 1) / SECTOR;
    return data.put("sectors-count", end - first).put("sector-num", first);
  }
}
