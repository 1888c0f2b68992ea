// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.Child;
import dev.strata.block.archive.XzBlockDecoder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.SeekableXZInputStream;

/**
 * The blocks of an xz file that will be read next, decoded on all processors while those before
 * them are read. For one thread at a time, whose {@code index} it reads.
 */
final class XzBlocksAhead implements AutoCloseable {
  /** Of all blocks that are there at a time, in bytes: five of xz's default are 120 MiB. */
  private static final long MAX_ROOM = 192 << 20;

  /** After so many bytes a decoder looks whether its block is still wanted. */
  private static final long PIECE = 1 << 20;

  private final SeekableXZInputStream index;
  private final long room; // for a block, in bytes
  private final ExecutorService threads;
  private final List<Slot> slots = new ArrayList<>();
  private @Nullable Slot taken;

  private XzBlocksAhead(SeekableXZInputStream index, long room, int processors) {
    this.index = index;
    this.room = room;
    this.threads =
        Executors.newFixedThreadPool(
            processors, Thread.ofPlatform().daemon().name("xz-", 0).factory());
  }

  /**
   * With room for blocks of {@code size} bytes; null if they are too large for it to be of use.
   *
   * @param check as {@link XzBlockDecoder#open} takes it, and {@code maxMemory}, for each block
   */
  static @Nullable XzBlocksAhead of(
      SeekableXZInputStream index, Child file, int check, long maxMemory, long size) {
    int processors = Runtime.getRuntime().availableProcessors();
    // One block is read while each processor decodes another one.
    int count = (int) Math.min(processors + 1L, MAX_ROOM / Math.max(1, size));
    if (processors == 1 || count < 3) {
      return null;
    }
    var ahead = new XzBlocksAhead(index, size, count - 1);
    for (int i = 0; i < count; i++) {
      XzBlockDecoder decoder = XzBlockDecoder.open(file, check, maxMemory);
      if (decoder == null) {
        ahead.close();
        return null;
      }
      ahead.slots.add(ahead.new Slot(decoder));
    }
    return ahead;
  }

  /** Has the blocks from {@code number} on decoded that there is room for. */
  void prepare(int number) throws IOException {
    int last = Math.min(number + slots.size() - 2, index.getBlockCount() - 1);
    for (int next = number; next <= last; next++) {
      if (index.getBlockSize(next) <= room && slot(next) == null) {
        free(number, last).begin(next);
      }
    }
  }

  /** One that neither is read nor has a block of that range. */
  private Slot free(int first, int last) {
    for (Slot slot : slots) {
      if (slot != taken && (slot.number < first || slot.number > last)) {
        return slot;
      }
    }
    throw new IllegalStateException("more blocks than slots");
  }

  private @Nullable Slot slot(int number) {
    for (Slot slot : slots) {
      if (slot.number == number) {
        return slot;
      }
    }
    return null;
  }

  /**
   * What a block holds, which is waited for; those that follow are prepared. It stays as it is
   * until the next call.
   *
   * @return null if it was not prepared, or is damaged
   */
  @Nullable MemorySegment take(int number) throws IOException {
    Slot slot = slot(number);
    taken = slot;
    prepare(number + 1);
    return slot != null && slot.isSound() ? slot.content : null;
  }

  /** What has been prepared is not of use any more. */
  void forget() {
    taken = null;
    slots.forEach(Slot::forget);
  }

  @Override
  public void close() {
    forget();
    threads.close();
    slots.forEach(Slot::close);
  }

  /** Room for a block, with what decodes it. */
  private final class Slot {
    final XzBlockDecoder decoder;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment all = arena.allocate(room);
    volatile int number = -1; // of the block; negative for none
    MemorySegment content = all; // what the block holds, once that is done
    private @Nullable Future<Boolean> decoding;

    Slot(XzBlockDecoder decoder) {
      this.decoder = decoder;
    }

    void begin(int block) throws IOException {
      isSound(); // Nobody else uses the room.
      long at = index.getBlockCompPos(block);
      long packed = index.getBlockCompSize(block);
      content = all.asSlice(0, index.getBlockSize(block));
      number = block;
      decoding = threads.submit(() -> decode(block, at, packed));
    }

    /** Whether it has come to the end: not if the block is damaged, or not wanted any more. */
    private boolean decode(int block, long at, long packed) {
      try {
        decoder.begin(at, packed, content.byteSize());
        do { // an empty block has a check, too
          if (number != block) {
            return false;
          }
          long done = content.byteSize() - decoder.left();
          decoder.next(content.asSlice(done, Math.min(decoder.left(), PIECE)));
        } while (decoder.left() > 0);
        return true;
      } catch (IOException e) {
        return false; // Whoever reads the block meets it again.
      }
    }

    /** Waits for the block; whether it has been decoded. */
    boolean isSound() {
      boolean interrupted = false;
      try {
        while (decoding != null) { // until it is done
          try {
            return decoding.get();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
        return false;
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    void forget() {
      number = -1;
    }

    void close() {
      decoder.close();
      arena.close();
    }
  }
}
