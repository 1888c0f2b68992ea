// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * AES of the JDK, which knows the processor's instructions for it.
 *
 * <p>A cipher is set up once for all its life. One that chains goes on from the last block it gave
 * out; so that a sector begins with an initialization vector instead, that block is taken out of
 * the first one by XOR.
 */
final class AesCipher implements BlockCipher {
  private static final int BLOCK = 16;

  private final SecretKeySpec key;
  private final Cipher encrypting;
  private final Cipher decrypting;
  private @Nullable Cipher chaining;
  private @Nullable Cipher unchaining;
  private final byte[] chained = new byte[BLOCK]; // what chaining XORs into its next block
  private final byte[] unchained = new byte[BLOCK];
  private byte[] work = {};

  AesCipher(byte[] key) {
    this.key = new SecretKeySpec(key, "AES");
    this.encrypting = cipher("AES/ECB/NoPadding", Cipher.ENCRYPT_MODE);
    this.decrypting = cipher("AES/ECB/NoPadding", Cipher.DECRYPT_MODE);
  }

  private Cipher cipher(String transformation, int direction) {
    try {
      Cipher cipher = Cipher.getInstance(transformation);
      if (transformation.contains("CBC")) {
        cipher.init(direction, key, new IvParameterSpec(new byte[BLOCK]));
      } else {
        cipher.init(direction, key);
      }
      return cipher;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every JDK has it, and keys are of a size that AES has
    }
  }

  @Override
  public int blockBytes() {
    return BLOCK;
  }

  @Override
  public void encrypt(byte[] in, int offset, int length, byte[] out) {
    update(encrypting, in, offset, length, out);
  }

  @Override
  public void decrypt(byte[] in, int offset, int length, byte[] out) {
    update(decrypting, in, offset, length, out);
  }

  private static void update(Cipher cipher, byte[] in, int offset, int length, byte[] out) {
    try {
      cipher.update(in, offset, length, out, offset);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // the output is as long as the input
    }
  }

  @Override
  public void encryptChained(
      byte[] iv, int ivOffset, byte[] in, int offset, int length, byte[] out) {
    Cipher cipher = chaining;
    if (cipher == null) {
      chaining = cipher = cipher("AES/CBC/NoPadding", Cipher.ENCRYPT_MODE);
    }
    if (work.length < offset + length) {
      work = new byte[offset + length];
    }
    System.arraycopy(in, offset, work, offset, length);
    for (int i = 0; i < BLOCK; i++) {
      work[offset + i] ^= (byte) (iv[ivOffset + i] ^ chained[i]);
    }
    update(cipher, work, offset, length, out);
    System.arraycopy(out, offset + length - BLOCK, chained, 0, BLOCK);
    Arrays.fill(work, offset, offset + length, (byte) 0);
  }

  @Override
  public void decryptChained(
      byte[] iv, int ivOffset, byte[] in, int offset, int length, byte[] out) {
    Cipher cipher = unchaining;
    if (cipher == null) {
      unchaining = cipher = cipher("AES/CBC/NoPadding", Cipher.DECRYPT_MODE);
    }
    update(cipher, in, offset, length, out);
    for (int i = 0; i < BLOCK; i++) {
      out[offset + i] ^= (byte) (iv[ivOffset + i] ^ unchained[i]);
    }
    System.arraycopy(in, offset + length - BLOCK, unchained, 0, BLOCK);
  }
}
