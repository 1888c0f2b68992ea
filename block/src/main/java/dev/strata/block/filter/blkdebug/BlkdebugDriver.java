// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blkdebug;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.DebugEvent;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.Breakpoints;
import dev.strata.block.driver.FilterDriver;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.option.ImageName;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Asks the rules before it passes a request on. */
final class BlkdebugDriver extends FilterDriver implements Breakpoints {
  private final @Nullable String configuration;
  private final boolean nameSaysAll;
  private final RuleEngine engine;
  private final RequestLimits requestLimits;
  private final Set<Permission> taken;
  private final Set<Permission> unshared;

  /**
   * @param configuration the configuration file's name, or null
   * @param nameSaysAll whether nothing but that file and the child was given
   */
  BlkdebugDriver(
      Child image,
      @Nullable String configuration,
      boolean nameSaysAll,
      RuleEngine engine,
      RequestLimits requestLimits,
      Set<Permission> taken,
      Set<Permission> unshared) {
    super(image);
    this.configuration = configuration;
    this.nameSaysAll = nameSaysAll;
    this.engine = engine;
    this.requestLimits = requestLimits;
    this.taken = taken;
    this.unshared = unshared;
  }

  @Override
  public Limits limits() {
    return requestLimits.over(file().limits());
  }

  @Override
  public long allocatedSize() {
    return UNKNOWN_SIZE;
  }

  @Override
  public @Nullable String exactFilename() {
    String image = file().filename();
    if (!nameSaysAll || ImageName.isJson(image)) {
      return null;
    }
    return "blkdebug:" + (configuration == null ? "" : configuration) + ":" + image;
  }

  @Override
  public void read(long offset, IoVector into, int flags) throws BlockException {
    engine.check(IoType.READ, offset, into.length());
    super.read(offset, into, flags);
  }

  @Override
  public void write(long offset, IoVector from, int flags) throws BlockException {
    engine.check(IoType.WRITE, offset, from.length());
    super.write(offset, from, flags);
  }

  @Override
  public void writeZeroes(long offset, long length, int flags) throws BlockException {
    if (requestLimits.tooFewZeroes(length)) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    engine.check(IoType.WRITE_ZEROES, offset, length);
    super.writeZeroes(offset, length, flags);
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    if (requestLimits.tooLittleDiscarded(length)) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    engine.check(IoType.DISCARD, offset, length);
    super.discard(offset, length);
  }

  @Override
  public void flush() throws BlockException {
    engine.check(IoType.FLUSH, 0, 0);
    super.flush();
  }

  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    engine.check(IoType.BLOCK_STATUS, offset, length);
    return super.status(offset, length, detail);
  }

  @Override
  public void event(DebugEvent event) {
    engine.event(event);
  }

  @Override
  public Permissions childPermissions(Child child, Permissions permissions) {
    if (taken.isEmpty() && unshared.isEmpty()) {
      return permissions;
    }
    Set<Permission> needed = EnumSet.noneOf(Permission.class);
    needed.addAll(permissions.needed());
    needed.addAll(taken);
    Set<Permission> shared = EnumSet.noneOf(Permission.class);
    shared.addAll(permissions.shared());
    shared.removeAll(unshared);
    return new Permissions(needed, shared);
  }

  @Override
  public void breakpoint(String event, String tag) throws BlockException {
    DebugEvent known = DebugEvent.of(event);
    if (known == null) {
      throw BlockException.of(Errno.ENOENT);
    }
    engine.breakAt(known, tag);
  }

  @Override
  public boolean remove(String tag) {
    return engine.removeBreakpoint(tag);
  }

  @Override
  public boolean resume(String tag) {
    return engine.resume(tag);
  }

  @Override
  public boolean isSuspended(String tag) {
    return engine.isSuspended(tag);
  }

  @Override
  public void close() {
    engine.resumeAll();
  }
}
