// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.posix.FileDescriptor;
import dev.strata.block.posix.FileStatus;
import dev.strata.block.posix.OpenFlags;
import dev.strata.block.posix.Posix;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * Reads the files that a disk is made of, one open at a time. They are their owners': one that has
 * become shorter goes on with zeroes, one that has become longer ends where it did, and one that is
 * gone, or another one now, cannot be read.
 */
final class HostFiles implements AutoCloseable {
  private static final int BOUNCE = 64 << 10;

  /** An open file. */
  private interface Source extends AutoCloseable {
    /** Reads some bytes, or none at the end of the file. */
    int read(ByteBuffer into, long from) throws IOException;

    @Override
    void close() throws IOException;
  }

  /** Through the system itself, which knows how to open a file without waiting. */
  private record Direct(FileDescriptor file, ByteBuffer bounce) implements Source {
    @Override
    public int read(ByteBuffer into, long from) throws IOException {
      int length = Math.min(into.remaining(), bounce.capacity());
      bounce.clear().limit(length);
      int count = (int) file.read(MemorySegment.ofBuffer(bounce), from);
      into.put(bounce.limit(count));
      return count;
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  private record Channel(FileChannel file) implements Source {
    @Override
    public int read(ByteBuffer into, long from) throws IOException {
      return Math.max(0, file.read(into, from));
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  private @Nullable FolderEntry current; // guarded by this
  private @Nullable Source open; // guarded by this

  /**
   * Reads from a file as long as it was.
   *
   * @param into of zeroes
   * @throws BlockException EIO if the file is not there any more
   */
  synchronized void read(FolderEntry file, long from, MemorySegment into) throws BlockException {
    try {
      Source source = source(file);
      ByteBuffer buffer = into.asByteBuffer();
      long at = from;
      while (buffer.hasRemaining()) {
        int count = source.read(buffer, at);
        if (count == 0) {
          return;
        }
        at += count;
      }
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Could not read " + HostName.shown(file.path))
          .causedBy(e);
    }
  }

  private Source source(FolderEntry file) throws IOException {
    Source source = open;
    if (source != null && file == current) {
      return source;
    }
    close();
    source = Posix.canOpen(file.path) ? direct(file) : channel(file);
    open = source;
    current = file;
    return source;
  }

  /** What has become a pipe, even just now, would keep us waiting. */
  private static Source direct(FolderEntry file) throws IOException {
    FileDescriptor opened =
        FileDescriptor.open(file.path, OpenFlags.READ_ONLY | OpenFlags.NON_BLOCKING, 0);
    try {
      FileStatus status = opened.status();
      requireSame(file, status.isRegularFile());
      var now = Files.getAttribute(file.path, "unix:ino");
      if (!now.equals(status.inode())) {
        throw another();
      }
      return new Direct(opened, ByteBuffer.allocateDirect(BOUNCE));
    } catch (IOException e) {
      opened.close();
      throw e;
    }
  }

  private static Source channel(FolderEntry file) throws IOException {
    requireSame(file, true);
    return new Channel(FileChannel.open(file.path, StandardOpenOption.READ));
  }

  private static void requireSame(FolderEntry file, boolean regular) throws IOException {
    var now = Files.readAttributes(file.path, BasicFileAttributes.class);
    Object key = file.attributes.fileKey();
    if (!regular || !now.isRegularFile() || (key != null && !key.equals(now.fileKey()))) {
      throw another();
    }
  }

  private static IOException another() {
    return new IOException("is another file now");
  }

  @Override
  public synchronized void close() throws IOException {
    Source source = open;
    open = null;
    current = null;
    if (source != null) {
      source.close();
    }
  }
}
