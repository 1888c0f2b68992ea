// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.layout.StructWriter;
import java.nio.charset.StandardCharsets;

/** The table of feature names that goes into new headers, so that older readers can name them. */
final class FeatureNames {
  private static final int NAME_SIZE = 46;
  private static final int INCOMPATIBLE = 0;
  private static final int COMPATIBLE = 1;
  private static final int AUTOCLEAR = 2;

  private record Name(int type, int bit, String name) {}

  private static final Name[] NAMES = {
    new Name(INCOMPATIBLE, 0, "dirty bit"),
    new Name(INCOMPATIBLE, 1, "corrupt bit"),
    new Name(INCOMPATIBLE, 2, "external data file"),
    new Name(INCOMPATIBLE, 3, "compression type"),
    new Name(INCOMPATIBLE, 4, "extended L2 entries"),
    new Name(COMPATIBLE, 0, "lazy refcounts"),
    new Name(AUTOCLEAR, 0, "bitmaps"),
    new Name(AUTOCLEAR, 1, "raw external data"),
  };

  private FeatureNames() {}

  /** The extension with all names. */
  static HeaderExtension.FeatureNames table() {
    var table = new byte[NAMES.length * (2 + NAME_SIZE)];
    StructWriter out = StructWriter.bigEndian(table);
    for (Name name : NAMES) {
      byte[] bytes = name.name().getBytes(StandardCharsets.UTF_8);
      out.u8(name.type()).u8(name.bit()).bytes(bytes).zeroes(NAME_SIZE - bytes.length);
    }
    return new HeaderExtension.FeatureNames(table);
  }
}
