// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.layout.StructWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A header extension.
 *
 * @see "QEMU docs/interop/qcow2.txt, Header extensions"
 */
sealed interface HeaderExtension {
  int END = 0;
  int BACKING_FORMAT = 0xe2792aca;
  int FEATURE_NAMES = 0x6803f857;
  int BITMAPS = 0x23852875;
  int CRYPTO_HEADER = 0x0537be77;
  int DATA_FILE = 0x44415441;

  /** Smaller clusters are left to what an image cannot do without. */
  int MIN_CLUSTER_BITS_FOR_NAMES = 13;

  /** Which extension it is. */
  int type();

  /** Its bytes, without the padding. */
  byte[] body();

  /**
   * The extensions of a header that is written anew. Those of a known kind come first; a program
   * gives its own names to the features, whoever wrote the image before.
   */
  static List<HeaderExtension> inOrder(List<HeaderExtension> extensions, Qcow2Header header) {
    var ordered = new ArrayList<HeaderExtension>(extensions.size() + 1);
    addLast(BackingFormat.class, extensions, ordered);
    addLast(DataFile.class, extensions, ordered);
    addLast(CryptoHeader.class, extensions, ordered);
    if (header.version() >= 3 && header.clusterBits() >= MIN_CLUSTER_BITS_FOR_NAMES) {
      ordered.add(dev.strata.formats.qcow2.FeatureNames.table());
    }
    addLast(Bitmaps.class, extensions, ordered);
    for (HeaderExtension extension : extensions) {
      if (extension instanceof Unknown) {
        ordered.add(extension);
      }
    }
    return ordered;
  }

  private static void addLast(
      Class<? extends HeaderExtension> kind,
      List<HeaderExtension> from,
      List<HeaderExtension> into) {
    for (HeaderExtension extension : from.reversed()) {
      if (kind.isInstance(extension)) {
        into.add(extension);
        return;
      }
    }
  }

  /** The driver name of the backing file. */
  record BackingFormat(String name) implements HeaderExtension {
    @Override
    public int type() {
      return BACKING_FORMAT;
    }

    @Override
    public byte[] body() {
      return name.getBytes(StandardCharsets.UTF_8);
    }
  }

  /** The file name of the external data file. */
  record DataFile(String name) implements HeaderExtension {
    @Override
    public int type() {
      return DATA_FILE;
    }

    @Override
    public byte[] body() {
      return name.getBytes(StandardCharsets.UTF_8);
    }
  }

  /** Names for feature bits, as stored: 48 bytes each. */
  record FeatureNames(byte[] table) implements HeaderExtension {
    @Override
    public int type() {
      return FEATURE_NAMES;
    }

    @Override
    public byte[] body() {
      return table;
    }
  }

  /**
   * The persistent bitmaps.
   *
   * @param directorySize in bytes
   */
  record Bitmaps(int count, long directorySize, long directoryOffset) implements HeaderExtension {
    @Override
    public int type() {
      return BITMAPS;
    }

    @Override
    public byte[] body() {
      var bytes = new byte[24];
      StructWriter.bigEndian(bytes).u32(count).u32(0).u64(directorySize).u64(directoryOffset);
      return bytes;
    }
  }

  /** Where the full disk encryption header lies. */
  record CryptoHeader(long offset, long length) implements HeaderExtension {
    @Override
    public int type() {
      return CRYPTO_HEADER;
    }

    @Override
    public byte[] body() {
      var bytes = new byte[16];
      StructWriter.bigEndian(bytes).u64(offset).u64(length);
      return bytes;
    }
  }

  /** Kept as it is when the header is rewritten. */
  record Unknown(int type, byte[] body) implements HeaderExtension {}
}
