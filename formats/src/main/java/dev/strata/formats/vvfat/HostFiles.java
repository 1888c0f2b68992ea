// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
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
  private @Nullable FolderEntry current; // guarded by this
  private @Nullable FileChannel open; // guarded by this

  /**
   * Reads from a file as long as it was.
   *
   * @param into of zeroes
   * @throws BlockException EIO if the file is not there any more
   */
  synchronized void read(FolderEntry file, long from, MemorySegment into) throws BlockException {
    try {
      FileChannel channel = channel(file);
      ByteBuffer buffer = into.asByteBuffer();
      long at = from;
      while (buffer.hasRemaining()) {
        int count = channel.read(buffer, at);
        if (count < 0) {
          return;
        }
        at += count;
      }
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Could not read " + HostName.shown(file.path))
          .causedBy(e);
    }
  }

  private FileChannel channel(FolderEntry file) throws IOException {
    FileChannel channel = open;
    if (channel != null && file == current) {
      return channel;
    }
    close();
    // What has become a pipe would keep us waiting.
    var now = Files.readAttributes(file.path, BasicFileAttributes.class);
    Object key = file.attributes.fileKey();
    if (!now.isRegularFile() || (key != null && !key.equals(now.fileKey()))) {
      throw new IOException("is another file now");
    }
    channel = FileChannel.open(file.path, StandardOpenOption.READ);
    open = channel;
    current = file;
    return channel;
  }

  @Override
  public synchronized void close() throws IOException {
    FileChannel channel = open;
    open = null;
    current = null;
    if (channel != null) {
      channel.close();
    }
  }
}
