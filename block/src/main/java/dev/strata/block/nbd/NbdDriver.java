// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

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
import dev.strata.block.nbd.protocol.BlockDescriptor;
import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.CommandFlags;
import dev.strata.block.nbd.protocol.InfoItem;
import dev.strata.block.nbd.protocol.NbdLimits;
import dev.strata.block.nbd.protocol.TransmissionFlags;
import dev.strata.block.option.BlockOptions;
import org.jspecify.annotations.Nullable;

/** An export of an NBD server. */
final class NbdDriver implements BlockDriver {
  /** Of requests if the server says nothing: what every server takes. */
  private static final int SECTOR = 512;

  /** Of a request without data, in compact headers. */
  private static final long MAX_COMPACT_LENGTH = 0xffff_ffffL;

  private final NbdSettings settings;
  private final Session session;
  private final NegotiatedExport export;
  private final Limits limits;
  private NodeFlags flags; // changed by reopen only, when nothing is in flight

  private NbdDriver(NbdSettings settings, Session session, NodeFlags flags) {
    this.settings = settings;
    this.session = session;
    this.export = session.export();
    this.limits = limits(export);
    this.flags = flags;
  }

  /** Connects; the export may be written to if the flags say so. */
  static NbdDriver open(NbdSettings settings, NodeFlags flags) throws BlockException {
    Session session = Session.open(settings);
    boolean opened = false;
    try {
      if (settings.context() != null && session.export().context() == null) {
        throw couldNotOpen(Errno.EINVAL);
      }
      var driver = new NbdDriver(settings, session, flags);
      if (!flags.autoReadOnly()) {
        driver.checkWritable(flags);
      }
      opened = true;
      return driver;
    } finally {
      if (!opened) {
        session.close();
      }
    }
  }

  private static BlockException couldNotOpen(Errno errno) {
    return BlockException.of(errno, "Could not open image");
  }

  private void checkWritable(NodeFlags wanted) throws BlockException {
    if (wanted.writable() && export.has(TransmissionFlags.READ_ONLY)) {
      throw couldNotOpen(Errno.EACCES);
    }
  }

  private static Limits limits(NegotiatedExport export) {
    InfoItem.BlockSize sizes = export.blockSize();
    // What the protocol advises clients to do where nothing is said; an odd end needs bytes.
    int alignment = sizes != null ? sizes.minimum() : export.size() % SECTOR == 0 ? SECTOR : 1;
    long most = sizes == null ? NbdLimits.PAYLOAD : sizes.maximum() & 0xffff_ffffL;
    long maxTransfer = Math.min(most, NbdLimits.PAYLOAD) & -alignment;
    long preferred = sizes == null ? 0 : Math.min(sizes.preferred(), maxTransfer);
    long maxLength =
        export.style().isExtended() ? 0 : MAX_COMPACT_LENGTH & -Math.max(alignment, SECTOR);
    Limits limits =
        Limits.NONE.withRequestAlignment(alignment).withTransfer(maxTransfer, preferred);
    boolean writesThrough = export.has(TransmissionFlags.SEND_FUA);
    int through = writesThrough ? RequestFlags.FUA : 0;
    limits = limits.withWriteFlags(through);
    if (export.has(TransmissionFlags.SEND_WRITE_ZEROES)) {
      limits = limits.withWriteZeroes(1, maxLength, through | RequestFlags.MAY_UNMAP);
    }
    if (export.has(TransmissionFlags.SEND_TRIM)) {
      limits = limits.withDiscard(1, maxLength);
    }
    return limits;
  }

  @Override
  public Limits limits() {
    return limits;
  }

  @Override
  public long length() {
    return export.size();
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
    return settings.exactFilename();
  }

  /** The last block may reach beyond the export's end, and reads as zeroes there. */
  @Override
  public void read(long offset, IoVector into, int requestFlags) throws BlockException {
    long length = into.length();
    long inside = Math.clamp(export.size() - offset, 0, length);
    if (inside < length) {
      into.slice(inside, length - inside).fill((byte) 0);
    }
    if (inside > 0) {
      session.execute(NbdRequest.read(offset, into.slice(0, inside)));
    }
  }

  @Override
  public void write(long offset, IoVector from, int requestFlags) throws BlockException {
    session.execute(NbdRequest.write(through(requestFlags), offset, from));
  }

  private static int through(int requestFlags) {
    return RequestFlags.has(requestFlags, RequestFlags.FUA) ? CommandFlags.FUA : 0;
  }

  @Override
  public void writeZeroes(long offset, long length, int requestFlags) throws BlockException {
    int command = through(requestFlags);
    if (!RequestFlags.has(requestFlags, RequestFlags.MAY_UNMAP)) {
      command |= CommandFlags.NO_HOLE;
    }
    if (RequestFlags.has(requestFlags, RequestFlags.NO_FALLBACK)) {
      if (!export.has(TransmissionFlags.SEND_FAST_ZERO)) {
        throw BlockException.of(Errno.EOPNOTSUPP);
      }
      command |= CommandFlags.FAST_ZERO;
    }
    session.execute(NbdRequest.of(Command.WRITE_ZEROES, command, offset, length));
  }

  @Override
  public void discard(long offset, long length) throws BlockException {
    session.execute(NbdRequest.of(Command.TRIM, 0, offset, length));
  }

  @Override
  public void flush() throws BlockException {
    if (export.has(TransmissionFlags.SEND_FLUSH)) {
      session.execute(NbdRequest.of(Command.FLUSH, 0, 0, 0));
    }
  }

  /**
   * As the chosen context has it: whatever context that is, its first bit counts as a hole, and its
   * second as zeroes, as with the reference.
   */
  @Override
  public Extent status(long offset, long length, StatusDetail detail) throws BlockException {
    long inside = export.size() - offset;
    if (inside <= 0) {
      return Extent.zero(offset, length); // beyond the end, up to a whole block
    }
    if (export.context() == null) {
      return Extent.data(offset, Math.min(length, inside), null, offset);
    }
    long asked = Math.min(length, inside);
    if (!export.style().isExtended()) {
      asked = Math.min(asked, MAX_COMPACT_LENGTH & -Math.max(limits.requestAlignment(), SECTOR));
    }
    NbdRequest request =
        session.execute(NbdRequest.of(Command.BLOCK_STATUS, CommandFlags.REQ_ONE, offset, asked));
    boolean data = (request.status() & BlockDescriptor.HOLE) == 0;
    boolean zero = (request.status() & BlockDescriptor.ZERO) != 0;
    boolean allocated = data || zero;
    return new Extent(
        offset,
        Math.min(request.statusLength(), asked),
        data,
        zero,
        allocated,
        false,
        null,
        allocated ? offset : -1,
        false);
  }

  @Override
  public void truncate(long length, boolean exact, Preallocation mode, int requestFlags)
      throws BlockException {
    if (exact && length != export.size()) {
      throw new BlockException(Errno.EOPNOTSUPP, "Cannot resize NBD nodes");
    }
    if (length > export.size()) {
      throw new BlockException(Errno.EINVAL, "Cannot grow NBD nodes");
    }
  }

  @Override
  public void permissions(Permissions all) throws BlockException {
    if (all.writes()) {
      checkWritable(flags);
    }
  }

  @Override
  public Undo reopen(NodeFlags newFlags, BlockOptions options) throws BlockException {
    if (newFlags.writable() && export.has(TransmissionFlags.READ_ONLY)) {
      throw new BlockException(Errno.EACCES, "Can't reopen read-only NBD mount as read/write");
    }
    flags = newFlags;
    return Undo.NOTHING;
  }

  @Override
  public void close() {
    session.close();
  }
}
