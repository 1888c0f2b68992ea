// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

/**
 * How a node is opened, whatever its driver.
 *
 * @param writable requests that write may come
 * @param autoReadOnly the driver may open read-only although {@code writable}, until somebody
 *     writes
 * @param direct bypass the host's page cache ({@code cache.direct})
 * @param noFlush flushes are not passed to the host ({@code cache.no-flush})
 * @param unmap discards are carried out ({@code discard=unmap})
 * @param check the image is opened to be checked: do not refuse what a check would find
 * @param noIo only metadata will be asked for
 * @param forceShare take no locks that could refuse another program ({@code force-share})
 * @param inactive somebody else uses the image until it is activated: whatever {@code writable}
 *     says, nothing is written, and locks keep nobody out
 */
public record NodeFlags(
    boolean writable,
    boolean autoReadOnly,
    boolean direct,
    boolean noFlush,
    boolean unmap,
    boolean check,
    boolean noIo,
    boolean forceShare,
    boolean inactive) {

  /** Read-only, cached, exclusive as a reader is. */
  public static final NodeFlags READ_ONLY =
      new NodeFlags(false, false, false, false, false, false, false, false, false);

  /** With that {@code writable}. */
  public NodeFlags withWritable(boolean writable) {
    return new NodeFlags(
        writable, autoReadOnly, direct, noFlush, unmap, check, noIo, forceShare, inactive);
  }

  /** With that {@code autoReadOnly}. */
  public NodeFlags withAutoReadOnly(boolean autoReadOnly) {
    return new NodeFlags(
        writable, autoReadOnly, direct, noFlush, unmap, check, noIo, forceShare, inactive);
  }

  /** With that {@code direct} and {@code noFlush}. */
  public NodeFlags withCache(boolean direct, boolean noFlush) {
    return new NodeFlags(
        writable, autoReadOnly, direct, noFlush, unmap, check, noIo, forceShare, inactive);
  }

  /** With that {@code unmap}. */
  public NodeFlags withUnmap(boolean unmap) {
    return new NodeFlags(
        writable, autoReadOnly, direct, noFlush, unmap, check, noIo, forceShare, inactive);
  }

  /** With that {@code check}. */
  public NodeFlags withCheck(boolean check) {
    return new NodeFlags(
        writable, autoReadOnly, direct, noFlush, unmap, check, noIo, forceShare, inactive);
  }

  /** With that {@code noIo}. */
  public NodeFlags withNoIo(boolean noIo) {
    return new NodeFlags(
        writable, autoReadOnly, direct, noFlush, unmap, check, noIo, forceShare, inactive);
  }

  /** With that {@code forceShare}. */
  public NodeFlags withForceShare(boolean forceShare) {
    return new NodeFlags(
        writable, autoReadOnly, direct, noFlush, unmap, check, noIo, forceShare, inactive);
  }

  /** With that {@code inactive}. */
  public NodeFlags withInactive(boolean inactive) {
    return new NodeFlags(
        writable, autoReadOnly, direct, noFlush, unmap, check, noIo, forceShare, inactive);
  }

  /** Whether requests that write are let through now. */
  public boolean writesNow() {
    return writable && !inactive;
  }

  /** What a format is told: an image that is not active is read and no more. */
  public NodeFlags ofFormat() {
    return withWritable(writesNow());
  }
}
