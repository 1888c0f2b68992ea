// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

/**
 * A block cipher under one key, over runs of whole blocks. Input and output are different arrays
 * and use the same offsets. For one thread at a time.
 */
interface BlockCipher {
  /** In bytes. */
  int blockBytes();

  /** Encrypts each block for itself. */
  void encrypt(byte[] in, int offset, int length, byte[] out);

  /** Decrypts each block for itself. */
  void decrypt(byte[] in, int offset, int length, byte[] out);

  /**
   * Encrypts the blocks chained (CBC).
   *
   * @param iv of {@link #blockBytes} from {@code ivOffset} on
   */
  void encryptChained(byte[] iv, int ivOffset, byte[] in, int offset, int length, byte[] out);

  /** Undoes {@link #encryptChained}. */
  void decryptChained(byte[] iv, int ivOffset, byte[] in, int offset, int length, byte[] out);
}
