// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A disk's sectors, encrypted under one key. Thread-safe: every thread takes a cipher of its own
 * for as long as a request lasts.
 *
 * <p>The key is overwritten by {@link #close}, when no request is in flight any more; what the
 * JDK's ciphers made of it is left to the garbage collector.
 */
public final class EncryptedSectors implements AutoCloseable {
  /** What sectors are counted in, in bytes, and how large most are. */
  public static final int SECTOR = SectorCipher.SECTOR;

  /** How much is encrypted before it is written: what the processor's caches hold. */
  private static final long PIECE = 256 << 10;

  private static final int MAX_IDLE = 32;

  private final CipherSuite suite;
  private final byte[] key;
  private final int sectorBytes;
  private final ArrayDeque<SectorCipher> idle = new ArrayDeque<>(); // guarded by itself

  /** Sectors of 512 bytes, under a copy of {@code key}. */
  EncryptedSectors(CipherSuite suite, byte[] key) {
    this(suite, key, SECTOR);
  }

  /** Sectors of {@code sectorBytes}, 512 to 4096, under a copy of {@code key}. */
  EncryptedSectors(CipherSuite suite, byte[] key, int sectorBytes) {
    this.suite = suite;
    this.key = key.clone();
    this.sectorBytes = sectorBytes;
  }

  /** The unit of encryption, and so of requests, in bytes. */
  public int sectorBytes() {
    return sectorBytes;
  }

  private SectorCipher take() {
    synchronized (idle) {
      @Nullable SectorCipher cipher = idle.pollLast();
      if (cipher != null) {
        return cipher;
      }
    }
    return new SectorCipher(suite, key, sectorBytes);
  }

  private void giveBack(SectorCipher cipher) {
    synchronized (idle) {
      if (idle.size() < MAX_IDLE) {
        idle.addLast(cipher);
      }
    }
  }

  /**
   * Reads sectors and decrypts them.
   *
   * @param offset where they lie in {@code file}
   * @param sector the number that the first one was encrypted with, in units of 512 bytes
   * @param into whole sectors
   */
  public void read(Child file, long offset, long sector, IoVector into, BufferPool buffers)
      throws BlockException {
    file.read(offset, into, 0);
    decrypt(sector, into, buffers);
  }

  private void decrypt(long sector, IoVector data, BufferPool buffers) {
    SectorCipher cipher = take();
    try {
      if (!hasWholeSectors(data)) {
        for (long at = 0; at < data.length(); at += PIECE) {
          long length = Math.min(PIECE, data.length() - at);
          try (BufferPool.Buffer piece = buffers.acquire(length)) {
            data.copyTo(at, piece.segment());
            cipher.decrypt(sector + at / SECTOR, piece.segment());
            data.copyFrom(at, piece.segment());
            piece.segment().fill((byte) 0);
          }
        }
        return;
      }
      long at = 0;
      for (int i = 0; i < data.count(); i++) {
        MemorySegment segment = data.segment(i);
        cipher.decrypt(sector + at / SECTOR, segment);
        at += segment.byteSize();
      }
    } finally {
      giveBack(cipher);
    }
  }

  private boolean hasWholeSectors(IoVector data) {
    for (int i = 0; i < data.count(); i++) {
      if (data.segment(i).byteSize() % sectorBytes != 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Writes sectors encrypted; {@code from} stays as it is.
   *
   * @param offset where they go to in {@code file}
   * @param sector the number to encrypt the first one with, in units of 512 bytes
   * @param from whole sectors
   * @param flags of the write below
   */
  public void write(
      Child file, long offset, long sector, IoVector from, int flags, BufferPool buffers)
      throws BlockException {
    long length = Math.min(PIECE, from.length());
    SectorCipher cipher = take();
    try (BufferPool.Buffer buffer = buffers.acquire(length)) {
      for (long at = 0; at < from.length(); at += PIECE) {
        MemorySegment piece = buffer.segment().asSlice(0, Math.min(PIECE, from.length() - at));
        encrypt(cipher, sector + at / SECTOR, from.slice(at, piece.byteSize()), piece);
        file.write(offset + at, IoVector.of(piece), flags);
      }
    } finally {
      giveBack(cipher);
    }
  }

  private void encrypt(SectorCipher cipher, long sector, IoVector from, MemorySegment to) {
    if (!hasWholeSectors(from)) {
      from.copyTo(0, to);
      cipher.encrypt(sector, to, to);
      return;
    }
    long at = 0;
    for (int i = 0; i < from.count(); i++) {
      MemorySegment segment = from.segment(i);
      cipher.encrypt(sector + at / SECTOR, segment, to.asSlice(at, segment.byteSize()));
      at += segment.byteSize();
    }
  }

  /** Forgets the key; nothing may be in flight. */
  @Override
  public void close() {
    Arrays.fill(key, (byte) 0);
    synchronized (idle) {
      idle.forEach(SectorCipher::wipe);
      idle.clear();
    }
  }
}
