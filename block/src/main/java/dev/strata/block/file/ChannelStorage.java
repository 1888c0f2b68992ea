// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A file of any file system that Java knows; without holes, locks and direct I/O. */
final class ChannelStorage implements Storage {
  private static final long MAX_TRANSFER = 1 << 30; // a ByteBuffer ends at 2 GiB

  private final FileChannel channel;
  private final Kind kind;
  private final boolean writable;

  private ChannelStorage(FileChannel channel, Kind kind, boolean writable) {
    this.channel = channel;
    this.kind = kind;
    this.writable = writable;
  }

  static ChannelStorage open(Path path, Set<? extends OpenOption> options) throws BlockException {
    if (Files.isDirectory(path)) {
      throw BlockException.of(Errno.EISDIR);
    }
    try {
      FileChannel channel = FileChannel.open(path, options);
      Kind kind = Files.isRegularFile(path) ? Kind.REGULAR : Kind.OTHER;
      return new ChannelStorage(channel, kind, options.contains(StandardOpenOption.WRITE));
    } catch (UnsupportedOperationException e) {
      throw BlockException.of(Errno.EOPNOTSUPP).causedBy(e);
    } catch (IOException e) {
      throw translate(e);
    }
  }

  static BlockException translate(IOException e) {
    Errno errno =
        switch (e) {
          case NoSuchFileException _ -> Errno.ENOENT;
          case AccessDeniedException _ -> Errno.EACCES;
          case FileAlreadyExistsException _ -> Errno.EEXIST;
          default -> fromSystem(e);
        };
    return BlockException.of(errno).causedBy(e);
  }

  /** The JDK passes on the system's words but not its number. */
  private static Errno fromSystem(IOException e) {
    String message = e.getMessage();
    if (message != null) {
      for (Errno errno : Errno.values()) {
        if (message.endsWith(errno.text())) {
          return errno;
        }
      }
    }
    return Errno.EIO;
  }

  @Override
  public Kind kind() {
    return kind;
  }

  @Override
  public boolean writable() {
    return writable;
  }

  @Override
  public long size() throws BlockException {
    try {
      return channel.size();
    } catch (IOException e) {
      throw translate(e);
    }
  }

  @Override
  public long allocatedSize() {
    return -1;
  }

  @Override
  public void read(long offset, IoVector into) throws BlockException {
    try {
      for (int i = 0; i < into.count(); i++) {
        MemorySegment segment = into.segment(i);
        ByteBuffer buffer = segment.asByteBuffer();
        while (buffer.hasRemaining()) {
          int read = channel.read(buffer, offset + buffer.position());
          if (read < 0) {
            segment.asSlice(buffer.position()).fill((byte) 0);
            break;
          }
        }
        offset += segment.byteSize();
      }
    } catch (IOException e) {
      throw translate(e);
    }
  }

  @Override
  public void write(long offset, IoVector from) throws BlockException {
    try {
      for (int i = 0; i < from.count(); i++) {
        MemorySegment segment = from.segment(i);
        ByteBuffer buffer = segment.asByteBuffer();
        while (buffer.hasRemaining()) {
          channel.write(buffer, offset + buffer.position());
        }
        offset += segment.byteSize();
      }
    } catch (IOException e) {
      throw translate(e);
    }
  }

  @Override
  public void writeThrough(long offset, IoVector from) throws BlockException {
    write(offset, from);
    sync();
  }

  @Override
  public void sync() throws BlockException {
    try {
      channel.force(false);
    } catch (IOException e) {
      throw translate(e);
    }
  }

  @Override
  public void truncate(long size) throws BlockException {
    try {
      if (size < channel.size()) {
        channel.truncate(size);
      } else if (size > channel.size()) {
        channel.write(ByteBuffer.allocate(1), size - 1);
      }
    } catch (IOException e) {
      throw translate(e);
    }
  }

  @Override
  public void allocate(long offset, long length) throws BlockException {
    throw BlockException.of(Errno.EOPNOTSUPP);
  }

  @Override
  public boolean zero(long offset, long length, boolean unmap, boolean quick) {
    return false;
  }

  @Override
  public boolean discard(long offset, long length) {
    return false;
  }

  @Override
  public @Nullable Run runAt(long offset, boolean isData) {
    return null;
  }

  @Override
  public long copyFrom(Storage source, long sourceOffset, long offset, long length) {
    return 0;
  }

  @Override
  public long maxTransfer() {
    return MAX_TRANSFER;
  }

  @Override
  public int requestAlignment() {
    return 1;
  }

  @Override
  public int memoryAlignment() {
    return 1;
  }

  @Override
  public void close() throws BlockException {
    try {
      channel.close();
    } catch (IOException e) {
      throw translate(e);
    }
  }
}
