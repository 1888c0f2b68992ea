// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.scsi;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.drive.Access;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.graph.BlockBackend;
import dev.strata.system.state.StateFields;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A disk.
 *
 * @see "SCSI Block Commands - 3"
 */
public final class ScsiDisk extends LogicalUnit implements ModeParameters.Pages {
  private static final int BLOCK = 512;
  private static final int HEADS = 16;
  private static final int SECTORS = 63; // of a track
  private static final int MOST_CYLINDERS = 16383;
  private static final int TURNS = 5400; // a minute
  private static final int WRITE_PROTECTED = 0x80; // of mode parameters
  private static final int HEEDS_FORCE = 0x10;
  private static final int WRITE_CACHE = 4;
  private static final int VERIFY_BYTES = 6; // of VERIFY's second byte

  private final boolean readOnly;
  private final boolean tellsForce;
  private final ModeParameters mode = new ModeParameters(this);
  private final BlockRanges ranges;
  private final boolean cacheAtFirst;

  /**
   * A disk with a medium.
   *
   * @param tellsForce whether the guest is told that the bit FUA is heeded, which it always is
   */
  public ScsiDisk(GuestDrive drive, ScsiIdentity identity, boolean readOnly, boolean tellsForce) {
    super(drive, new InquiryData(0, identity, BLOCK, pages(identity)), BLOCK);
    this.readOnly = readOnly;
    this.tellsForce = tellsForce;
    this.ranges = new BlockRanges(this);
    this.cacheAtFirst = isCached();
  }

  private static int[] pages(ScsiIdentity identity) {
    return identity.serial().isEmpty()
        ? new int[] {0, 0x83, 0xb0, 0xb1, 0xb2}
        : new int[] {0, 0x80, 0x83, 0xb0, 0xb1, 0xb2};
  }

  @Override
  boolean isRemovable() {
    return false;
  }

  @Override
  boolean hasMedium() {
    return true;
  }

  @Override
  long blocks() {
    return drive().length() / BLOCK;
  }

  private boolean isCached() {
    BlockBackend medium = drive().medium();
    return medium != null && !medium.writeThrough();
  }

  private void cached(boolean on) {
    BlockBackend medium = drive().medium();
    if (medium != null) {
      medium.writeThrough(!on);
    }
  }

  @Override
  void resetState() {
    cached(cacheAtFirst);
  }

  @Override
  public void mediumChanged() {
    // It cannot be.
  }

  @Override
  public void ejectRequested(boolean forced) {
    // Nor can it come out.
  }

  @Override
  void command(ScsiRequest request) throws BlockException {
    switch (request.command().operation()) {
      case Operation.TEST_UNIT_READY,
          Operation.FORMAT_UNIT,
          Operation.RESERVE_6,
          Operation.RELEASE_6,
          Operation.RESERVE_10,
          Operation.RELEASE_10,
          Operation.START_STOP_UNIT,
          Operation.PREVENT_ALLOW_MEDIUM_REMOVAL -> {
        // One host, a medium that stays, nothing that turns: all is as it is wanted.
      }
      case Operation.READ_6, Operation.READ_10, Operation.READ_12, Operation.READ_16 ->
          read(request);
      case Operation.WRITE_6,
          Operation.WRITE_10,
          Operation.WRITE_12,
          Operation.WRITE_16,
          Operation.WRITE_AND_VERIFY_10,
          Operation.WRITE_AND_VERIFY_12,
          Operation.WRITE_AND_VERIFY_16 ->
          write(request);
      case Operation.VERIFY_10, Operation.VERIFY_12, Operation.VERIFY_16 -> verify(request);
      case Operation.SEEK_10 -> {
        CommandBlock command = request.command();
        boolean unused = isOnMedium(request, command.firstBlock(), 1, Access.READ);
      }
      case Operation.SYNCHRONIZE_CACHE_10, Operation.SYNCHRONIZE_CACHE_16 -> drive().flush();
      case Operation.WRITE_SAME_10, Operation.WRITE_SAME_16 -> {
        if (mayWrite(request)) {
          ranges.writeSame(request);
        }
      }
      case Operation.UNMAP -> {
        if (mayWrite(request)) {
          ranges.unmap(request);
        }
      }
      case Operation.READ_CAPACITY_10 -> readCapacity(request);
      case Operation.SERVICE_ACTION_IN_16 -> readCapacity16(request);
      case Operation.MODE_SENSE_6, Operation.MODE_SENSE_10 ->
          mode.sense(
              request,
              blocks(),
              BLOCK,
              (readOnly ? WRITE_PROTECTED : 0) | (tellsForce ? HEEDS_FORCE : 0));
      case Operation.MODE_SELECT_6, Operation.MODE_SELECT_10 -> mode.select(request);
      default -> request.fail(Sense.UNKNOWN_COMMAND);
    }
  }

  private boolean mayWrite(ScsiRequest request) {
    if (readOnly) {
      request.fail(Sense.WRITE_PROTECTED);
    }
    return !readOnly;
  }

  private void write(ScsiRequest request) throws BlockException {
    CommandBlock command = request.command();
    long first = command.firstBlock();
    long count = command.blocks();
    IoVector from = request.given(count * BLOCK);
    if (!request.isGood()
        || !mayWrite(request)
        || !isOnMedium(request, first, count, Access.WRITE)
        || from.length() == 0) {
      return;
    }
    drive().write(first * BLOCK, from, isDurable(command) ? RequestFlags.FUA : RequestFlags.NONE);
    request.taken(from.length());
  }

  /** What is to be verified has to be on the medium; there, the bit is another one. */
  private static boolean isDurable(CommandBlock command) {
    return switch (command.operation()) {
      case Operation.WRITE_6 -> false;
      case Operation.WRITE_AND_VERIFY_10,
          Operation.WRITE_AND_VERIFY_12,
          Operation.WRITE_AND_VERIFY_16 ->
          true;
      default -> command.has(1, 8);
    };
  }

  private void verify(ScsiRequest request) {
    CommandBlock command = request.command();
    if (command.has(1, VERIFY_BYTES)) {
      request.fail(Sense.INVALID_FIELD); // no bytes are compared
      return;
    }
    boolean unused = isOnMedium(request, command.firstBlock(), command.blocks(), Access.READ);
  }

  // Mode pages

  @Override
  public int[] numbers() {
    return new int[] {0x01, 0x04, 0x05, 0x08};
  }

  private int cylinders() {
    return Math.clamp(blocks() / (HEADS * SECTORS), 2, MOST_CYLINDERS);
  }

  @Override
  public byte[] page(int number, boolean changeable) {
    int length =
        switch (number) {
          case 0x01 -> 10;
          case 0x04 -> 22;
          case 0x05 -> 30;
          default -> 18;
        };
    var all = ByteBuffer.allocate(2 + length);
    all.put((byte) number).put((byte) length);
    if (number == 0x08) {
      all.put((byte) (changeable || isCached() ? WRITE_CACHE : 0));
    }
    if (changeable) {
      return all.array();
    }
    int cylinders = cylinders();
    switch (number) {
      case 0x01 -> all.put((byte) 0x80); // what fails to be written is put elsewhere
      case 0x04 -> { // geometry
        all.put(3, (byte) (cylinders >> 8)).put(4, (byte) cylinders);
        all.put(5, (byte) HEADS);
        // Where precompensation and lower current begin: nowhere.
        all.put(7, (byte) (cylinders >> 8)).put(8, (byte) cylinders);
        all.put(10, (byte) (cylinders >> 8)).put(11, (byte) cylinders);
        all.putShort(12, (short) 200); // for a step, in 100 ns
        Arrays.fill(all.array(), 14, 17, (byte) 0xff); // where heads land
        all.putShort(20, (short) TURNS);
      }
      case 0x05 -> { // the flexible disk that this would be
        all.putShort(2, (short) 5000); // kbit/s
        all.put(4, (byte) HEADS).put(5, (byte) SECTORS);
        all.putShort(6, (short) BLOCK);
        all.putShort(8, (short) cylinders);
        all.putShort(10, (short) cylinders).putShort(12, (short) cylinders);
        all.putShort(14, (short) 1).put(16, (byte) 1); // step rate and width
        all.putShort(17, (short) 1); // head settling
        all.put(19, (byte) 1).put(20, (byte) 1); // motor on and off
        all.putShort(28, (short) TURNS);
      }
      default -> {}
    }
    return all.array();
  }

  @Override
  public void changed(int number, byte[] page) {
    if (number == 0x08) {
      cached((page[2] & WRITE_CACHE) != 0);
    }
  }

  /** A block of zeroes, or what the guest gives, as a segment of its own. */
  static MemorySegment block(IoVector given) {
    var copy = MemorySegment.ofArray(new byte[BLOCK]);
    if (given.length() > 0) {
      given.copyTo(0, copy);
    }
    return copy;
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    super.state(state);
    boolean cached = state.flag("write cache", isCached());
    if (state.isLoading()) {
      cached(cached);
    }
  }
}
