// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

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

  /** The driver name of the backing file. */
  record BackingFormat(String name) implements HeaderExtension {}

  /** The file name of the external data file. */
  record DataFile(String name) implements HeaderExtension {}

  /** Names for feature bits, as stored: 48 bytes each. */
  record FeatureNames(byte[] table) implements HeaderExtension {}

  /**
   * The persistent bitmaps.
   *
   * @param directorySize in bytes
   */
  record Bitmaps(int count, long directorySize, long directoryOffset) implements HeaderExtension {}

  /** Where the full disk encryption header lies. */
  record CryptoHeader(long offset, long length) implements HeaderExtension {}

  /** Kept as it is when the header is rewritten. */
  record Unknown(int type, byte[] body) implements HeaderExtension {}
}
