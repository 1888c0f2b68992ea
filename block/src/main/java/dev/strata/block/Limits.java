// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

/**
 * The requests a driver takes; the graph cuts, pads and emulates so that no others arrive. All in
 * bytes; a maximum of 0 means none.
 *
 * @param requestAlignment of offset and length of every request; a power of two
 * @param maxTransfer of a read or write
 * @param optimalTransfer 0 if unknown
 * @param memoryAlignment of the addresses and lengths of buffers; a power of two
 * @param writeZeroesAlignment below which zeroing is not worthwhile; the rest is written as data
 * @param maxWriteZeroes of a write-zeroes request
 * @param discardAlignment below which discarding does nothing
 * @param maxDiscard of a discard request
 * @param writeFlags the {@link RequestFlags} of writes that the driver honours itself
 * @param zeroFlags the {@link RequestFlags} of write-zeroes that the driver honours itself; 0 flags
 *     and {@code writesZeroes} false mean that zeroes have to be written as data
 * @param writesZeroes whether the driver has a write-zeroes of its own
 * @param discards whether the driver can discard
 */
public record Limits(
    int requestAlignment,
    long maxTransfer,
    long optimalTransfer,
    int memoryAlignment,
    long writeZeroesAlignment,
    long maxWriteZeroes,
    long discardAlignment,
    long maxDiscard,
    int writeFlags,
    int zeroFlags,
    boolean writesZeroes,
    boolean discards) {

  /** Byte-wise requests of any length; no zeroing, discarding or flags of its own. */
  public static final Limits NONE = new Limits(1, 0, 0, 1, 1, 0, 1, 0, 0, 0, false, false);

  /** With that alignment of requests, a power of two. */
  public Limits withRequestAlignment(int bytes) {
    return new Limits(
        bytes,
        maxTransfer,
        optimalTransfer,
        memoryAlignment,
        writeZeroesAlignment,
        maxWriteZeroes,
        discardAlignment,
        maxDiscard,
        writeFlags,
        zeroFlags,
        writesZeroes,
        discards);
  }

  /** With that alignment of memory, a power of two. */
  public Limits withMemoryAlignment(int bytes) {
    return new Limits(
        requestAlignment,
        maxTransfer,
        optimalTransfer,
        bytes,
        writeZeroesAlignment,
        maxWriteZeroes,
        discardAlignment,
        maxDiscard,
        writeFlags,
        zeroFlags,
        writesZeroes,
        discards);
  }

  /** With those limits of reads and writes. */
  public Limits withTransfer(long maxTransfer, long optimalTransfer) {
    return new Limits(
        requestAlignment,
        maxTransfer,
        optimalTransfer,
        memoryAlignment,
        writeZeroesAlignment,
        maxWriteZeroes,
        discardAlignment,
        maxDiscard,
        writeFlags,
        zeroFlags,
        writesZeroes,
        discards);
  }

  /** With a write-zeroes of its own. */
  public Limits withWriteZeroes(long alignment, long max, int flags) {
    return new Limits(
        requestAlignment,
        maxTransfer,
        optimalTransfer,
        memoryAlignment,
        alignment,
        max,
        discardAlignment,
        maxDiscard,
        writeFlags,
        flags,
        true,
        discards);
  }

  /** With a discard of its own. */
  public Limits withDiscard(long alignment, long max) {
    return new Limits(
        requestAlignment,
        maxTransfer,
        optimalTransfer,
        memoryAlignment,
        writeZeroesAlignment,
        maxWriteZeroes,
        alignment,
        max,
        writeFlags,
        zeroFlags,
        writesZeroes,
        true);
  }

  /** With those flags of writes honoured by the driver itself. */
  public Limits withWriteFlags(int flags) {
    return new Limits(
        requestAlignment,
        maxTransfer,
        optimalTransfer,
        memoryAlignment,
        writeZeroesAlignment,
        maxWriteZeroes,
        discardAlignment,
        maxDiscard,
        flags,
        zeroFlags,
        writesZeroes,
        discards);
  }
}
