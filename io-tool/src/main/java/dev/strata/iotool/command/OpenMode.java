// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.driver.NodeFlags;
import dev.strata.monitor.commandline.CacheMode;
import org.jspecify.annotations.Nullable;

/** How an image is to be opened, as collected from options; changes while they are read. */
public final class OpenMode {
  private boolean readOnly;
  private boolean snapshot;
  private boolean copyOnRead;
  private boolean forceShare;
  private boolean untrusted;
  private @Nullable String aio;
  private boolean unmap = true;
  private CacheMode cache = CacheMode.WRITETHROUGH;

  /** {@code -r}. */
  public void readOnly() {
    readOnly = true;
  }

  /** {@code -s}. */
  public void snapshot() {
    snapshot = true;
  }

  /** {@code -C}. */
  public void copyOnRead() {
    copyOnRead = true;
  }

  /** {@code -U}. */
  public void forceShare() {
    forceShare = true;
  }

  /** The image is inspected first, and leads to no other file. */
  void untrusted() {
    untrusted = true;
  }

  /** {@code -k} and {@code -i}; false if there is no such mode. */
  public boolean aio(String mode) {
    aio = mode;
    return mode.equals("threads") || mode.equals("native") || mode.equals("io_uring");
  }

  /** {@code -d}; false if there is no such mode. */
  public boolean discard(String mode) {
    unmap = mode.equals("unmap") || mode.equals("on");
    return unmap || mode.equals("ignore") || mode.equals("off");
  }

  /** {@code -t}; false if there is no such mode. */
  public boolean cache(String mode) {
    CacheMode found = CacheMode.of(mode);
    if (found != null) {
      cache = found;
    }
    return found != null;
  }

  /** {@code -n}. */
  public void noCache() {
    cache = CacheMode.NONE;
  }

  boolean isReadOnly() {
    return readOnly;
  }

  boolean isSnapshot() {
    return snapshot;
  }

  boolean isCopyOnRead() {
    return copyOnRead;
  }

  boolean isForceShare() {
    return forceShare;
  }

  boolean isUntrusted() {
    return untrusted;
  }

  /** The mode of asynchronous I/O, or null if the default will do. */
  @Nullable String aio() {
    return "threads".equals(aio) ? null : aio;
  }

  CacheMode cacheMode() {
    return cache;
  }

  NodeFlags flags() {
    return NodeFlags.READ_ONLY
        .withWritable(!readOnly)
        .withUnmap(unmap)
        .withCache(cache.direct(), cache.noFlush());
  }
}
