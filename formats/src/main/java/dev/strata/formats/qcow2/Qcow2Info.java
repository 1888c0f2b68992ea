// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import java.util.List;

/** What is told of an image that only this format has. */
final class Qcow2Info {
  private Qcow2Info() {}

  /** {@code ImageInfoSpecific} of the QMP schema. */
  static JsonValue of(Qcow2Metadata metadata) throws BlockException {
    HeaderFile header = metadata.header();
    Qcow2Header h = header.header();
    var data = new JsonObject();
    data.put("compat", h.version() >= 3 ? "1.1" : "0.10");
    data.put("compression-type", h.compressionType() == 0 ? "zlib" : "zstd");
    if (h.version() >= 3) {
      data.put("lazy-refcounts", (h.compatible() & Feature.LAZY_REFCOUNTS) != 0);
      data.put("refcount-bits", 1L << h.refcountOrder());
      encryption(metadata, data);
      data.put("corrupt", (h.incompatible() & Feature.CORRUPT) != 0);
      data.put("extended-l2", h.extendedL2());
      var named = header.extension(HeaderExtension.DataFile.class);
      if (named != null) {
        data.put("data-file", named.name());
      }
      if (h.externalDataFile()) {
        data.put("data-file-raw", (h.autoclear() & Feature.DATA_FILE_RAW) != 0);
      }
      List<StoredBitmap> stored = PersistentBitmaps.stored(metadata);
      if (!stored.isEmpty()) {
        var list = new JsonArray();
        for (StoredBitmap bitmap : stored) {
          list.add(bitmap.toJson());
        }
        data.put("bitmaps", list);
      }
    } else {
      data.put("refcount-bits", 16);
      encryption(metadata, data);
    }
    return new JsonObject().put("type", "qcow2").put("data", data);
  }

  private static void encryption(Qcow2Metadata metadata, JsonObject data) {
    DataEncryption encryption = metadata.encryption();
    if (encryption != null) {
      data.put("encrypt", encryption.describe());
    }
  }
}
