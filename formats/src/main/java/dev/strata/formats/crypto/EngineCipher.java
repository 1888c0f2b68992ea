// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import org.bouncycastle.crypto.params.KeyParameter;

/** A cipher of Bouncy Castle's, block by block. */
final class EngineCipher implements BlockCipher {
  private final org.bouncycastle.crypto.BlockCipher encrypting;
  private final org.bouncycastle.crypto.BlockCipher decrypting;
  private final int block;
  private final byte[] mixed;

  /** Over two engines of one kind. */
  EngineCipher(
      org.bouncycastle.crypto.BlockCipher encrypting,
      org.bouncycastle.crypto.BlockCipher decrypting,
      byte[] key) {
    this.encrypting = encrypting;
    this.decrypting = decrypting;
    this.block = encrypting.getBlockSize();
    this.mixed = new byte[block];
    var parameter = new KeyParameter(key);
    encrypting.init(true, parameter);
    decrypting.init(false, parameter);
  }

  @Override
  public int blockBytes() {
    return block;
  }

  @Override
  public void encrypt(byte[] in, int offset, int length, byte[] out) {
    for (int at = offset; at < offset + length; at += block) {
      encrypting.processBlock(in, at, out, at);
    }
  }

  @Override
  public void decrypt(byte[] in, int offset, int length, byte[] out) {
    for (int at = offset; at < offset + length; at += block) {
      decrypting.processBlock(in, at, out, at);
    }
  }

  @Override
  public void encryptChained(
      byte[] iv, int ivOffset, byte[] in, int offset, int length, byte[] out) {
    byte[] before = iv;
    int beforeOffset = ivOffset;
    for (int at = offset; at < offset + length; at += block) {
      for (int i = 0; i < block; i++) {
        mixed[i] = (byte) (in[at + i] ^ before[beforeOffset + i]);
      }
      encrypting.processBlock(mixed, 0, out, at);
      before = out;
      beforeOffset = at;
    }
  }

  @Override
  public void decryptChained(
      byte[] iv, int ivOffset, byte[] in, int offset, int length, byte[] out) {
    byte[] before = iv;
    int beforeOffset = ivOffset;
    for (int at = offset; at < offset + length; at += block) {
      decrypting.processBlock(in, at, out, at);
      for (int i = 0; i < block; i++) {
        out[at + i] ^= before[beforeOffset + i];
      }
      before = in;
      beforeOffset = at;
    }
  }
}
