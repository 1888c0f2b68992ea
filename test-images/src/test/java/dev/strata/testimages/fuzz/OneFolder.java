// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.testimages.crash.MemoryFactory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * The driver {@code file} of a graph in memory. A file that nobody may write says so by a {@link
 * Finding}; one that grows beyond what an attacker's host would have room for, by EFBIG. Not
 * thread-safe.
 */
final class OneFolder extends MemoryFactory {
  private static final int MAX_LENGTH = 16 << 20;

  private final Map<String, Content> files = new TreeMap<>();
  private boolean writable;

  /** An empty folder. */
  OneFolder(boolean writable) {
    super("file");
    this.writable = writable;
  }

  /** Empties it. */
  OneFolder again(boolean writable) {
    this.writable = writable;
    files.clear();
    return this;
  }

  OneFolder with(String name, byte[] bytes) {
    files.put(name, new Content(bytes));
    return this;
  }

  byte[] content(String name) {
    Content file = files.get(name);
    if (file == null) {
      throw new IllegalArgumentException(name);
    }
    return Arrays.copyOf(file.bytes, file.length);
  }

  @Override
  protected BlockDriver open(String filename) throws BlockException {
    Content file = files.get(filename);
    if (file == null) {
      throw BlockException.of(Errno.ENOENT, "Could not open '" + filename + "'");
    }
    return new Driver(filename, file);
  }

  @Override
  protected void create(String filename, long size) {
    with(filename, new byte[Math.toIntExact(size)]);
  }

  private static final class Content {
    private byte[] bytes;
    private int length;

    Content(byte[] bytes) {
      this.bytes = bytes;
      this.length = bytes.length;
    }

    void reach(long end) throws BlockException {
      if (end > MAX_LENGTH) {
        throw BlockException.of(Errno.EFBIG);
      }
      if (end > bytes.length) {
        bytes = Arrays.copyOf(bytes, (int) Math.min(MAX_LENGTH, Math.max(end, end * 2)));
      }
      length = (int) Math.max(length, end);
    }
  }

  private final class Driver implements BlockDriver {
    private final String name;
    private final Content file;

    Driver(String name, Content file) {
      this.name = name;
      this.file = file;
    }

    private void mustBeWritable() {
      if (!writable) {
        throw new Finding("a file that is open for reading is written");
      }
    }

    @Override
    public Limits limits() {
      return Limits.NONE.withWriteZeroes(1, 0, RequestFlags.MAY_UNMAP).withDiscard(1, 0);
    }

    @Override
    public String exactFilename() {
      return name;
    }

    @Override
    public long length() {
      return file.length;
    }

    @Override
    public long allocatedSize() {
      return file.length;
    }

    @Override
    public void read(long offset, IoVector into, int flags) {
      int inside = (int) Math.clamp(file.length - offset, 0, into.length());
      if (inside > 0) {
        into.copyFrom(0, MemorySegment.ofArray(file.bytes).asSlice(offset, inside));
      }
      if (inside < into.length()) {
        into.slice(inside, into.length() - inside).fill((byte) 0);
      }
    }

    @Override
    public void write(long offset, IoVector from, int flags) throws BlockException {
      mustBeWritable();
      file.reach(offset + from.length());
      from.copyTo(0, MemorySegment.ofArray(file.bytes).asSlice(offset, from.length()));
    }

    @Override
    public void writeZeroes(long offset, long length, int flags) throws BlockException {
      mustBeWritable();
      file.reach(offset + length);
      Arrays.fill(file.bytes, (int) offset, (int) (offset + length), (byte) 0);
    }

    @Override
    public void discard(long offset, long length) {
      mustBeWritable();
      int end = (int) Math.min(offset + length, file.length);
      if (offset < end) {
        Arrays.fill(file.bytes, (int) offset, end, (byte) 0);
      }
    }

    @Override
    public void flush() {
      // There is nothing more durable here.
    }

    @Override
    public Extent status(long offset, long length, StatusDetail detail) {
      return Extent.data(offset, length, null, offset);
    }

    @Override
    public void truncate(long length, boolean exact, Preallocation mode, int flags)
        throws BlockException {
      mustBeWritable();
      if (length > file.length) {
        file.reach(length);
      } else {
        Arrays.fill(file.bytes, (int) length, file.length, (byte) 0);
        file.length = (int) length;
      }
    }

    @Override
    public void close() {
      // The bytes outlive every node.
    }
  }
}
