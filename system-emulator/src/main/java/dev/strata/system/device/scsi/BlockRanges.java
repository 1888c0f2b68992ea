// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.scsi;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.drive.Access;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Commands about many blocks of a disk and little data: UNMAP and WRITE SAME.
 *
 * @see "SCSI Block Commands - 3, 5.25 UNMAP, 5.40 WRITE SAME (10), 5.41 WRITE SAME (16)"
 */
final class BlockRanges {
  private static final int LIST_HEADER = 8;
  private static final int DESCRIPTOR = 16;
  private static final int ANCHOR = 1; // of UNMAP's second byte

  private static final int WITHOUT_DATA = 1; // of WRITE SAME (16)'s second byte
  private static final int OBSOLETE = 6; // the addresses as data
  private static final int UNMAP_BIT = 8;
  private static final int ANCHOR_BIT = 0x10;

  private static final int PATTERN = 512 << 10; // bytes that are written at once

  private final LogicalUnit unit;

  BlockRanges(LogicalUnit unit) {
    this.unit = unit;
  }

  /** All ranges are looked at before one is given back. */
  void unmap(ScsiRequest request) throws BlockException {
    CommandBlock command = request.command();
    int length = command.u16(7);
    if (command.has(1, ANCHOR)) {
      request.fail(Sense.INVALID_FIELD);
      return;
    }
    if (length == 0) {
      return;
    }
    IoVector given = request.given(length);
    if (!request.isGood()) {
      return;
    }
    request.taken(length);
    // A copy: the guest may write while it is looked at.
    var list = ByteBuffer.allocate(length);
    given.copyTo(0, MemorySegment.ofBuffer(list));
    int bytes = length < LIST_HEADER ? -1 : list.getShort(2) & 0xffff;
    if (bytes < 0
        || bytes > length - LIST_HEADER
        || bytes % DESCRIPTOR != 0
        || (list.getShort(0) & 0xffff) < bytes + LIST_HEADER - 2) {
      request.fail(Sense.PARAMETER_LIST_LENGTH);
      return;
    }
    for (int at = LIST_HEADER; at < LIST_HEADER + bytes; at += DESCRIPTOR) {
      if (!unit.isOnMedium(request, list.getLong(at), count(list, at), Access.UNMAP)) {
        return;
      }
    }
    for (int at = LIST_HEADER; at < LIST_HEADER + bytes; at += DESCRIPTOR) {
      if (count(list, at) > 0) {
        unit.drive()
            .discard(list.getLong(at) * unit.blockBytes(), count(list, at) * unit.blockBytes());
      }
    }
  }

  private static long count(ByteBuffer list, int at) {
    return list.getInt(at + 8) & 0xffffffffL;
  }

  void writeSame(ScsiRequest request) throws BlockException {
    CommandBlock command = request.command();
    long first = command.firstBlock();
    long count = command.blocks();
    boolean zeroes = command.operation() == Operation.WRITE_SAME_16 && command.has(1, WITHOUT_DATA);
    if (count == 0 || command.has(1, OBSOLETE | ANCHOR_BIT)) {
      request.fail(Sense.INVALID_FIELD);
      return;
    }
    IoVector block = request.given(zeroes ? 0 : unit.blockBytes());
    if (!request.isGood() || !unit.isOnMedium(request, first, count, Access.WRITE)) {
      return;
    }
    long offset = first * unit.blockBytes();
    long length = count * unit.blockBytes();
    request.taken(block.length());
    MemorySegment same = ScsiDisk.block(block);
    if (IoVector.of(same).isZero()) {
      int unmap = command.has(1, UNMAP_BIT) ? RequestFlags.MAY_UNMAP : RequestFlags.NONE;
      unit.drive().writeZeroes(offset, length, unmap);
    } else {
      repeat(same, offset, length);
    }
  }

  private void repeat(MemorySegment block, long offset, long length) throws BlockException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment pattern = arena.allocate(Math.min(length, PATTERN), 4096);
      for (long at = 0; at < pattern.byteSize(); at += block.byteSize()) {
        MemorySegment.copy(block, 0, pattern, at, block.byteSize());
      }
      for (long done = 0; done < length; done += pattern.byteSize()) {
        long part = Math.min(pattern.byteSize(), length - done);
        unit.drive().write(offset + done, IoVector.of(pattern.asSlice(0, part)), 0);
      }
    }
  }
}
