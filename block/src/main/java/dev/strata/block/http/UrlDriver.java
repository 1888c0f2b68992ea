// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.Permissions;
import dev.strata.block.driver.ReadOnlyIo;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A file on a server, whatever protocol is spoken there. */
final class UrlDriver implements BlockDriver, ReadOnlyIo {
  /** A request's connection is held until its bytes are there; others' go beside it. */
  private static final long MAX_TRANSFER = 4 << 20;

  private final UrlSettings settings;
  private final RemoteFile file;
  private final ReadAhead ahead;
  private final long length;

  private UrlDriver(UrlSettings settings, RemoteFile file, long length) {
    this.settings = settings;
    this.file = file;
    this.length = length;
    this.ahead = new ReadAhead(file::read, length, settings.readAhead());
  }

  /**
   * Asks how long the file is.
   *
   * @param file which the driver closes, here too if it does not tell
   */
  static UrlDriver open(UrlSettings settings, RemoteFile file) throws BlockException {
    boolean opened = false;
    try {
      var driver = new UrlDriver(settings, file, file.length());
      opened = true;
      return driver;
    } catch (BlockException e) {
      throw e.during("CURL: Error opening file");
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  static BlockException readOnly() {
    return new BlockException(Errno.EACCES, "curl driver does not support writes");
  }

  @Override
  public void permissions(Permissions all) throws BlockException {
    if (all.writes()) {
      throw readOnly();
    }
  }

  @Override
  public Limits limits() {
    return Limits.NONE.withTransfer(MAX_TRANSFER, 0);
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public boolean waitsForPeer() {
    return true;
  }

  @Override
  public long allocatedSize() {
    return UNKNOWN_SIZE;
  }

  @Override
  public @Nullable String exactFilename() {
    return settings.plain() ? settings.url() : null;
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    long at = offset;
    for (int i = 0; i < into.count(); i++) {
      MemorySegment segment = into.segment(i);
      // A disk is as long as whole sectors; the server has nothing behind the file's end.
      long there = Math.clamp(length - at, 0, segment.byteSize());
      if (there > 0) {
        ahead.read(at, segment.asSlice(0, there));
      }
      segment.asSlice(there).fill((byte) 0);
      at += segment.byteSize();
    }
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) {
    return Extent.data(offset, length, null, offset);
  }

  @Override
  public void close() {
    file.close();
  }
}
