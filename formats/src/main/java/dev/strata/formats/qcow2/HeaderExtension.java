// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.layout.StructWriter;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

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

  /** Which extension it is. */
  int type();

  /** Its bytes, without the padding. */
  byte[] body();

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
      StructWriter.bigEndian(MemorySegment.ofArray(bytes))
          .u32(count)
          .u32(0)
          .u64(directorySize)
          .u64(directoryOffset);
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
      StructWriter.bigEndian(MemorySegment.ofArray(bytes)).u64(offset).u64(length);
      return bytes;
    }
  }

  /** Kept as it is when the header is rewritten. */
  record Unknown(int type, byte[] body) implements HeaderExtension {}
}
