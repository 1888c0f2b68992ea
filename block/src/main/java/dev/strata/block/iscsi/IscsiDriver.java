// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Extent;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.Preallocation;
import dev.strata.block.RequestFlags;
import dev.strata.block.StatusDetail;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permissions;
import dev.strata.block.layout.StructWriter;
import dev.strata.block.option.BlockOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/** A logical unit of an iSCSI target. */
final class IscsiDriver implements BlockDriver {
  private static final int UNMAP_LIST_SIZE = 24;

  private final Session session;
  private final LogicalUnit unit;
  private final Consumer<String> warn;
  private final Limits limits;
  private final int blockSize;
  private final MemorySegment zeroBlock;
  private volatile long length; // in bytes
  private volatile boolean writesSame = true; // until the unit says that it has no such command
  private volatile boolean tellsStatus;

  private IscsiDriver(Session session, LogicalUnit unit, Consumer<String> warn) {
    this.session = session;
    this.unit = unit;
    this.warn = warn;
    this.limits = unit.requestLimits();
    this.blockSize = unit.capacity().blockSize();
    this.zeroBlock = Arena.ofAuto().allocate(blockSize, Long.BYTES);
    this.length = unit.capacity().length();
    this.tellsStatus = unit.capacity().provisioned();
  }

  /**
   * Logs in; the unit may be written to if the flags say so.
   *
   * @param warn takes a line for the user, from any thread
   */
  static IscsiDriver open(IscsiSettings settings, NodeFlags flags, Consumer<String> warn)
      throws BlockException {
    Session session = Session.open(settings);
    boolean opened = false;
    try {
      var unit = LogicalUnit.discover(session, warn);
      var driver = new IscsiDriver(session, unit, warn);
      if (flags.writable() && !flags.autoReadOnly()) {
        driver.checkWritable();
      }
      opened = true;
      return driver;
    } finally {
      if (!opened) {
        session.close();
      }
    }
  }

  private void checkWritable() throws BlockException {
    if (unit.writeProtected()) {
      throw new BlockException(Errno.EACCES, "LUN is write protected");
    }
  }

  @Override
  public Limits limits() {
    return limits;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public boolean tellsOfClusters() {
    return true;
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
  public void read(long offset, IoVector into, int requestFlags) throws BlockException {
    ScsiCommand command = session.acquire();
    try {
      long first = offset / blockSize;
      long count = into.length() / blockSize;
      if (unit.longCommands()) {
        CommandBlock.read16(command.block(), first, count);
      } else {
        CommandBlock.read10(command.block(), first, count);
      }
      command.transfer(Libiscsi.TRANSFER_READ, into);
      execute(command, "READ10/16", first);
    } finally {
      session.release(command);
    }
  }

  @Override
  public void write(long offset, IoVector from, int requestFlags) throws BlockException {
    ScsiCommand command = session.acquire();
    try {
      long first = offset / blockSize;
      long count = from.length() / blockSize;
      boolean through = RequestFlags.has(requestFlags, RequestFlags.FUA);
      if (unit.longCommands()) {
        CommandBlock.write16(command.block(), first, count, through);
      } else {
        CommandBlock.write10(command.block(), first, count, through);
      }
      command.transfer(Libiscsi.TRANSFER_WRITE, from);
      execute(command, "WRITE10/16", first);
    } finally {
      session.release(command);
    }
  }

  /** Carries out a command all of whose data have to go over. */
  private void execute(ScsiCommand command, String name, long firstBlock) throws BlockException {
    session.execute(command);
    if (!command.isWhole()) {
      throw failed(command, name, firstBlock);
    }
  }

  private BlockException failed(ScsiCommand command, String name, long firstBlock) {
    warn.accept(
        "warning: iSCSI " + name + " failed at lba " + firstBlock + ": " + command.describe());
    return BlockException.of(command.errno());
  }

  /**
   * One block of zeroes for all of the range. Where unmapped blocks read as zeroes, and the caller
   * has nothing against it, the unit may unmap them.
   */
  @Override
  public void writeZeroes(long offset, long length, int requestFlags) throws BlockException {
    boolean unmap =
        RequestFlags.has(requestFlags, RequestFlags.MAY_UNMAP) && unit.zeroesByUnmapping();
    boolean slow = !unmap; // as far as one can know
    if (!writesSame || (slow && RequestFlags.has(requestFlags, RequestFlags.NO_FALLBACK))) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    ScsiCommand command = session.acquire();
    try {
      long first = offset / blockSize;
      CommandBlock.writeSame16(command.block(), first, length / blockSize, unmap);
      command.send(zeroBlock);
      session.execute(command);
      if (command.isUnsupported()) {
        writesSame = false;
        throw BlockException.of(Errno.EOPNOTSUPP);
      }
      if (command.status() != ScsiStatus.GOOD) {
        throw failed(command, "WRITESAME16", first);
      }
    } finally {
      session.release(command);
    }
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    ScsiCommand command = session.acquire();
    try {
      long first = offset / blockSize;
      var list = StructWriter.bigEndian(command.parameters().asSlice(0, UNMAP_LIST_SIZE));
      list.u16(UNMAP_LIST_SIZE - 2); // UNMAP DATA LENGTH
      list.u16(UNMAP_LIST_SIZE - 8); // UNMAP BLOCK DESCRIPTOR DATA LENGTH
      list.u32(0);
      list.u64(first);
      list.u32(length / blockSize);
      list.u32(0);
      CommandBlock.unmap(command.block(), UNMAP_LIST_SIZE);
      command.sendParameters(UNMAP_LIST_SIZE);
      session.execute(command);
      if (command.isUnsupported()) {
        throw BlockException.of(Errno.EOPNOTSUPP);
      }
      // Targets count the parameters as not needed: what is said of a residue means nothing here.
      if (command.status() != ScsiStatus.GOOD) {
        throw failed(command, "UNMAP", first);
      }
    } finally {
      session.release(command);
    }
  }

  @Override
  public void flush() throws BlockException {
    ScsiCommand command = session.acquire();
    try {
      CommandBlock.synchronizeCache10(command.block());
      command.transferNothing();
      execute(command, "SYNCHRONIZECACHE10", 0);
    } finally {
      session.release(command);
    }
  }

  /** Of a unit that maps its blocks one by one; others have all of theirs. */
  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    if (!tellsStatus) {
      return Extent.data(offset, length, null, offset);
    }
    long first = offset / blockSize;
    LbaStatus status;
    ScsiCommand command = session.acquire();
    try {
      CommandBlock.getLbaStatus(command.block(), first, LbaStatus.REPLY_SIZE);
      command.receiveParameters(LbaStatus.REPLY_SIZE);
      session.execute(command);
      if (command.isUnsupported()) {
        tellsStatus = false;
        return Extent.data(offset, length, null, offset);
      }
      if (command.status() != ScsiStatus.GOOD) {
        throw failed(command, "GET_LBA_STATUS", first);
      }
      status = LbaStatus.decode(command.parameters(), command.received(), first);
    } finally {
      session.release(command);
    }
    long within = offset - first * blockSize;
    long run = Math.min(length, status.count() * blockSize - within);
    boolean zero = !status.mapped() && unit.capacity().unmappedReadsZero();
    boolean allocated = status.mapped() || zero;
    return new Extent(
        offset, run, status.mapped(), zero, allocated, false, null, allocated ? offset : -1, false);
  }

  @Override
  public void truncate(long newLength, boolean exact, Preallocation mode, int requestFlags)
      throws BlockException {
    if (mode != Preallocation.OFF) {
      throw new BlockException(
          Errno.EOPNOTSUPP, "Unsupported preallocation mode '" + mode.word() + "'");
    }
    length = unit.currentLength(session);
    if (exact && newLength != length) {
      throw new BlockException(Errno.EOPNOTSUPP, "Cannot resize iSCSI devices");
    }
    if (newLength > length) {
      throw new BlockException(Errno.EINVAL, "Cannot grow iSCSI devices");
    }
  }

  @Override
  public void permissions(Permissions all) throws BlockException {
    if (all.writes()) {
      checkWritable();
    }
  }

  @Override
  public Undo reopen(NodeFlags newFlags, BlockOptions options) throws BlockException {
    if (newFlags.writable() && unit.writeProtected()) {
      throw new BlockException(Errno.EACCES, "Cannot open a write protected LUN as read-write");
    }
    return Undo.NOTHING;
  }

  @Override
  public void close() {
    session.close();
  }
}
