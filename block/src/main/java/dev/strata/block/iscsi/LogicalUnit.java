// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.Limits;
import dev.strata.block.RequestFlags;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;

/**
 * What a logical unit says of itself when it is opened.
 *
 * @param longCommands whether its type has the commands of 16 bytes
 * @param writeProtected whether writes would be refused
 * @param writesThrough whether a write may ask to be answered when it is on the medium: DPOFUA
 * @param unmaps whether there is UNMAP: LBPU
 * @param unmapsBySame whether there is a WRITE SAME(16) that unmaps: LBPWS
 * @see "SBC-3, 6.4.1 Mode parameters overview, DEVICE-SPECIFIC PARAMETER"
 * @see "SBC-3, 6.5.4 Logical Block Provisioning VPD page"
 */
record LogicalUnit(
    Capacity capacity,
    boolean longCommands,
    boolean writeProtected,
    boolean writesThrough,
    BlockLimits limits,
    boolean unmaps,
    boolean unmapsBySame) {

  /** Of a request, in bytes: no more memory is tied up for one at a time. */
  private static final long MAX_TRANSFER = 64 << 20;

  /** Of zeroes or of what is discarded at a time, in bytes: a target may have to write it all. */
  private static final long MAX_RANGE = 1L << 30;

  private static final int DISK = 0;
  private static final int MULTIMEDIA = 5;
  private static final int TYPE_MASK = 0x1f;

  private static final int PAGE_LIST = 0x00;
  private static final int PAGE_LIST_HEADER = 4;
  private static final int PAGE_PROVISIONING = 0xb2;
  private static final int PROVISIONING_FLAGS = 5;
  private static final int LBPU = 1 << 7;
  private static final int LBPWS = 1 << 6;

  private static final int MODE_HEADER_SIZE = 4;
  private static final int MODE_DEVICE_PARAMETER = 2;
  private static final int WRITE_PROTECT = 1 << 7;
  private static final int DPOFUA = 1 << 4;

  /**
   * Asks for all of it.
   *
   * @param warn takes a line for the user
   */
  static LogicalUnit discover(Session session, Consumer<String> warn) throws BlockException {
    ScsiCommand command = session.acquire();
    try {
      return discover(new Questions(session, command), warn);
    } finally {
      session.release(command);
    }
  }

  private static LogicalUnit discover(Questions questions, Consumer<String> warn)
      throws BlockException {
    int type = questions.inquiry() & TYPE_MASK;
    boolean longCommands = type == DISK;
    if (type != DISK && type != MULTIMEDIA) {
      warn.accept("warning: iSCSI: The LUN is no disk, and has no blocks");
      return new LogicalUnit(Capacity.NOTHING, true, true, false, BlockLimits.NONE, false, false);
    }
    Capacity capacity = questions.capacity(longCommands);
    int mode = questions.deviceParameter();
    if (mode < 0) {
      warn.accept("warning: iSCSI: Failed MODE_SENSE(6), LUN assumed writable");
      mode = 0;
    }
    BlockLimits limits = BlockLimits.NONE;
    int provisioning = 0;
    if (longCommands) {
      limits = questions.hasPage(BlockLimits.PAGE) ? questions.blockLimits() : limits;
      if (capacity.provisioned() && questions.hasPage(PAGE_PROVISIONING)) {
        provisioning = questions.provisioning();
      }
    }
    return new LogicalUnit(
        capacity,
        longCommands,
        (mode & WRITE_PROTECT) != 0,
        (mode & DPOFUA) != 0,
        limits,
        (provisioning & LBPU) != 0,
        (provisioning & LBPWS) != 0);
  }

  /** The unit's length now, in bytes: it may have been resized at the target. */
  long currentLength(Session session) throws BlockException {
    if (capacity.blocks() == 0) {
      return 0;
    }
    ScsiCommand command = session.acquire();
    try {
      Capacity now = new Questions(session, command).capacity(longCommands);
      if (now.blockSize() != capacity.blockSize()) {
        throw new BlockException(
            Errno.EIO, "iSCSI: The LUN's block size has changed to " + now.blockSize());
      }
      return now.length();
    } finally {
      session.release(command);
    }
  }

  /** Whether zeroes may be written by unmapping: what is unmapped has to read as zeroes. */
  boolean zeroesByUnmapping() {
    return unmapsBySame && capacity.unmappedReadsZero();
  }

  /** What this means for requests. */
  Limits requestLimits() {
    int blockSize = capacity.blockSize();
    long most = longCommands ? MAX_TRANSFER : (long) CommandBlock.MAX_SHORT_COUNT * blockSize;
    long maxTransfer = atMost(limits.maxTransfer(), blockSize, Math.min(most, MAX_TRANSFER));
    long optimal = Math.min(limits.optimalTransfer() * blockSize, maxTransfer);
    // Heap memory is aligned to nothing: the graph then uses a buffer, which the library can reach.
    Limits all =
        Limits.NONE
            .withRequestAlignment(blockSize)
            .withMemoryAlignment(Short.BYTES)
            .withTransfer(maxTransfer, optimal)
            .withWriteFlags(writesThrough ? RequestFlags.FUA : 0);
    long unit = Math.max(1, limits.unmapGranularity()) * blockSize;
    if (longCommands) {
      long max = atMost(limits.maxWriteSame(), blockSize, MAX_RANGE);
      long zeroUnit = zeroesByUnmapping() && unit <= max ? unit : blockSize;
      all = all.withWriteZeroes(zeroUnit, max, RequestFlags.MAY_UNMAP);
    }
    if (unmaps) {
      long max = atMost(limits.maxUnmap(), blockSize, MAX_RANGE);
      all = all.withDiscard(unit <= max ? unit : blockSize, max);
    }
    return all;
  }

  /** A count of blocks in bytes, if there is one, but not more than {@code bytes}. */
  private static long atMost(long blocks, int blockSize, long bytes) {
    return blocks == 0 || blocks > bytes / blockSize ? bytes : blocks * blockSize;
  }

  /** The commands that ask, one after the other. */
  private record Questions(Session session, ScsiCommand command) {
    private boolean ask(int size) throws BlockException {
      command.receiveParameters(size);
      session.execute(command);
      return command.status() == ScsiStatus.GOOD;
    }

    private BlockException failed(String what) {
      return new BlockException(
          command.errno(), "iSCSI: " + what + " failed: " + command.describe());
    }

    /** The first byte of the standard data. */
    int inquiry() throws BlockException {
      int size = 36;
      CommandBlock.inquiry(command.block(), size);
      if (!ask(size) || command.received() < 1) {
        throw failed("INQUIRY");
      }
      return byteAt(0);
    }

    Capacity capacity(boolean longCommands) throws BlockException {
      int size;
      if (longCommands) {
        size = Capacity.LONG_REPLY_SIZE;
        CommandBlock.readCapacity16(command.block(), size);
      } else {
        size = Capacity.SHORT_REPLY_SIZE;
        CommandBlock.readCapacity10(command.block());
      }
      if (!ask(size) || command.received() < Long.BYTES) {
        throw failed("READ CAPACITY");
      }
      MemorySegment reply = command.parameters();
      return longCommands ? Capacity.decodeLong(reply) : Capacity.decodeShort(reply);
    }

    /** Of the mode parameters' header; -1 if the unit does not tell. */
    int deviceParameter() throws BlockException {
      CommandBlock.modeSense6(command.block(), ScsiCommand.PARAMETER_SIZE);
      return ask(ScsiCommand.PARAMETER_SIZE) && command.received() >= MODE_HEADER_SIZE
          ? byteAt(MODE_DEVICE_PARAMETER)
          : -1;
    }

    private boolean page(int page) throws BlockException {
      CommandBlock.inquiryPage(command.block(), page, ScsiCommand.PARAMETER_SIZE);
      return ask(ScsiCommand.PARAMETER_SIZE) && byteAt(1) == page;
    }

    boolean hasPage(int page) throws BlockException {
      if (!page(PAGE_LIST)) {
        return false;
      }
      int end = Math.min(PAGE_LIST_HEADER + byteAt(3), ScsiCommand.PARAMETER_SIZE);
      for (int i = PAGE_LIST_HEADER; i < end; i++) {
        if (byteAt(i) == page) {
          return true;
        }
      }
      return false;
    }

    BlockLimits blockLimits() throws BlockException {
      return page(BlockLimits.PAGE) ? BlockLimits.decode(command.parameters()) : BlockLimits.NONE;
    }

    int provisioning() throws BlockException {
      return page(PAGE_PROVISIONING) ? byteAt(PROVISIONING_FLAGS) : 0;
    }

    private int byteAt(int index) {
      return command.parameters().get(ValueLayout.JAVA_BYTE, index) & 0xff;
    }
  }
}
