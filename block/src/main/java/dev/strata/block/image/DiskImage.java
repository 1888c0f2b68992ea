// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.image;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.ProgressListener;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.copy.CopySettings;
import dev.strata.block.copy.ImageCopy;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * An open disk image, with all the files that it stands on: bytes from 0 to {@link #length}, read
 * and written at any offset.
 *
 * <pre>{@code
 * try (DiskImage disk = ImageFile.of("disk.qcow2").leadingTo(OpenGate.SAME_FOLDER).open();
 *     DiskImage copy = ImageFile.of("copy.raw").format("raw").create(disk.length())) {
 *   disk.copyTo(copy, (done, total) -> System.out.println(done + " of " + total));
 *   disk.read(0, buffer);
 *   Extent first = disk.status(0, disk.length());
 * }
 * }</pre>
 *
 * <p>Thread-safe; requests that overlap are carried out one after the other if one of them writes.
 * Failures are {@link BlockException}s with the words of the QEMU tools and an {@link Errno}.
 */
public final class DiskImage implements AutoCloseable {
  private static final int COPY_WORKERS = 3;
  private static final int SPARSE_BYTES = 4096;

  private final BlockGraph graph;
  private final BlockBackend backend;
  private volatile boolean blank; // nothing was written, and it reads as zeroes

  /**
   * An image whose graph is its own.
   *
   * @param created whether nothing has been written to it yet
   */
  DiskImage(BlockGraph graph, BlockBackend backend, boolean created) throws BlockException {
    this.graph = graph;
    this.backend = backend;
    this.blank =
        created && backend.node().backing() == null && backend.node().readsZeroAfterCreate();
  }

  /** In bytes. */
  public long length() {
    return backend.length();
  }

  /** The format, as {@code qcow2}. */
  public String format() {
    return backend.node().driverName();
  }

  /**
   * Fills what remains of {@code buffer}, which is full then.
   *
   * @param offset in bytes; the buffer's end must not be beyond the image's
   */
  public void read(long offset, ByteBuffer buffer) throws BlockException {
    backend.read(offset, IoVector.of(MemorySegment.ofBuffer(buffer)), RequestFlags.NONE);
    buffer.position(buffer.limit());
  }

  /**
   * Writes what remains of {@code buffer}, which is empty then. The bytes are on stable storage
   * after {@link #flush}.
   *
   * @param offset in bytes; the buffer's end must not be beyond the image's
   */
  public void write(long offset, ByteBuffer buffer) throws BlockException {
    blank = false;
    backend.write(offset, IoVector.of(MemorySegment.ofBuffer(buffer)), RequestFlags.NONE);
    buffer.position(buffer.limit());
  }

  /** Makes a range read as zeroes, which takes no space where the format can do without. */
  public void writeZeroes(long offset, long length) throws BlockException {
    blank = false;
    backend.writeZeroes(offset, length, RequestFlags.MAY_UNMAP);
  }

  /** Tells that a range is not needed any more; what it reads as then is not defined. */
  public void discard(long offset, long length) throws BlockException {
    blank = false;
    backend.discard(offset, length);
  }

  /** Returns when all that was written is on stable storage. */
  public void flush() throws BlockException {
    backend.flush();
  }

  /**
   * The longest run of bytes from {@code offset} on, at most {@code length}, that are all data or
   * all zeroes, wherever in the chain of files they are. Ask again behind its end.
   *
   * @param offset from 0 to less than {@link #length}
   */
  public Extent status(long offset, long length) throws BlockException {
    return backend.statusAbove(null, offset, length, StatusDetail.ZEROES).extent();
  }

  /** Changes the length; new bytes read as zeroes. */
  public void resize(long length) throws BlockException {
    blank = false;
    backend.truncate(length, true, Preallocation.OFF, RequestFlags.NONE);
  }

  /**
   * Copies all of it into another image and flushes that. Zeroes take no space there if it can do
   * without.
   *
   * @param target at least as long
   * @param progress hears of bytes of data
   */
  public void copyTo(DiskImage target, ProgressListener progress) throws BlockException {
    if (target.length() < length()) {
      throw new BlockException(Errno.ENOSPC, "output file is smaller than input file");
    }
    boolean blank = target.blank;
    target.blank = false;
    var settings =
        new CopySettings(
            COPY_WORKERS, true, SPARSE_BYTES, 0, blank, false, -1, false, false, progress);
    new ImageCopy(List.of(backend), target.backend, settings, line -> {}).run();
    target.flush();
  }

  /** The way to all that this class leaves out; closed with it. */
  public BlockBackend backend() {
    blank = false;
    return backend;
  }

  /** Writes out what is not yet in the files, and closes them all. */
  @Override
  public void close() throws BlockException {
    graph.close();
  }
}
