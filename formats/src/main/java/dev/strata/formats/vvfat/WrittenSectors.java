// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;

/**
 * The sectors that are no longer those of the folder, in a temporary file without a name. Its owner
 * guards it.
 */
final class WrittenSectors implements AutoCloseable {
  private final FileChannel file;
  private final BitSet held = new BitSet();

  private WrittenSectors(FileChannel file) {
    this.file = file;
  }

  /** None yet. */
  static WrittenSectors open() throws BlockException {
    try {
      Path name = Files.createTempFile("vvfat.", "");
      FileChannel file = FileChannel.open(name, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        Files.delete(name); // the open file lives on
      } catch (IOException e) {
        file.close();
        throw e;
      }
      return new WrittenSectors(file);
    } catch (IOException e) {
      throw failed("Could not get temporary filename", e);
    }
  }

  private static BlockException failed(String what, IOException cause) {
    return new BlockException(Errno.EIO, what + ": " + cause.getMessage()).causedBy(cause);
  }

  boolean holds(int sector) {
    return held.get(sector);
  }

  /** The first from there on that is held, or what is no sector's number. */
  int nextHeld(int sector) {
    int next = held.nextSetBit(sector);
    return next < 0 ? Integer.MAX_VALUE : next;
  }

  /** Reads sectors that are held. */
  void read(int sector, MemorySegment into) throws BlockException {
    try {
      ByteBuffer buffer = into.asByteBuffer();
      long at = (long) sector * FatLayout.SECTOR;
      while (buffer.hasRemaining()) {
        int count = file.read(buffer, at);
        if (count < 0) {
          throw new IOException("it has become shorter");
        }
        at += count;
      }
    } catch (IOException e) {
      throw failed("Could not read the temporary file", e);
    }
  }

  /** Holds one more sector, or another content of it. */
  void write(int sector, MemorySegment from) throws BlockException {
    try {
      ByteBuffer buffer = from.asByteBuffer();
      long at = (long) sector * FatLayout.SECTOR;
      while (buffer.hasRemaining()) {
        at += file.write(buffer, at);
      }
    } catch (IOException e) {
      throw failed("Could not write the temporary file", e);
    }
    held.set(sector);
  }

  @Override
  public void close() throws BlockException {
    try {
      file.close();
    } catch (IOException e) {
      throw failed("Could not close the temporary file", e);
    }
  }
}
