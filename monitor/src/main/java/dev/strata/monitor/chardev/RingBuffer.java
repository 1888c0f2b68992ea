// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Keeps the bytes that were written last until somebody reads them. Thread-safe.
 *
 * @see "QEMU qapi/char.json, ringbuf-write and ringbuf-read"
 */
public final class RingBuffer implements CharacterDevice {
  private static final long MOST = 1 << 30; // bytes, what a Java array can be sure to hold

  private final String kind;
  private final byte[] bytes; // guarded by this
  private long written; // in total; guarded by this
  private long read; // in total; guarded by this

  private RingBuffer(String kind, int size) {
    this.kind = kind;
    this.bytes = new byte[size];
  }

  /**
   * An empty one.
   *
   * @param kind the word for it, of which there are two
   * @param size in bytes, a power of two
   */
  static RingBuffer of(String kind, long size) throws BlockException {
    if (size <= 0 || Long.bitCount(size) != 1) {
      throw new BlockException(Errno.EINVAL, "size of ringbuf chardev must be power of two");
    }
    if (size > MOST) {
      throw new BlockException(Errno.ENOMEM, "size of ringbuf chardev is at most " + MOST);
    }
    return new RingBuffer(kind, (int) size);
  }

  /** Takes bytes in; those that nobody has read make room. */
  public synchronized void write(byte[] data) {
    for (byte each : data) {
      bytes[(int) (written & (bytes.length - 1))] = each;
      written++;
    }
    read = Math.max(read, written - bytes.length);
  }

  /** Takes the oldest bytes out, {@code most} or as many as there are. */
  public synchronized byte[] read(long most) {
    byte[] data = new byte[(int) Math.min(most, written - read)];
    for (int i = 0; i < data.length; i++) {
      data[i] = bytes[(int) (read & (bytes.length - 1))];
      read++;
    }
    return data;
  }

  @Override
  public String kind() {
    return kind;
  }

  @Override
  public String filename() {
    return kind;
  }

  @Override
  public boolean hasClient() {
    return true;
  }

  /** Nothing ever comes from it. */
  @Override
  public void attach(Service service) {
    var out =
        new OutputStream() {
          @Override
          public void write(int value) {
            RingBuffer.this.write(new byte[] {(byte) value});
          }
        };
    Thread.ofPlatform()
        .daemon()
        .name("chardev")
        .start(() -> service.serve(InputStream.nullInputStream(), out));
  }

  @Override
  public void close() {}
}
