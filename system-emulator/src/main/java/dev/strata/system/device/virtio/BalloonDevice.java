// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.posix.PrivatePages;
import dev.strata.block.virtio.BrokenQueueException;
import dev.strata.block.virtio.Chain;
import dev.strata.block.virtio.SplitQueue;
import dev.strata.system.memory.DeviceMemory;
import dev.strata.system.state.StateFields;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes memory from the guest, and gives it back: what is taken, the host has.
 *
 * @see "Virtual I/O Device (VIRTIO) 1.1, 5.5 Traditional Memory Balloon Device"
 */
public final class BalloonDevice implements VirtioDevice {
  private static final int PAGE = 4096; // whatever the guest's pages are
  private static final long STATISTICS = 1 << 1; // a feature

  private static final int INFLATE = 0; // queues; the second one deflates
  private static final int STATISTICS_QUEUE = 2;

  private static final int ACTUAL = 4; // in the configuration, behind the pages wanted
  private static final int CONFIGURATION_END = 8;

  private static final int STATISTIC = 10; // bytes of each
  private static final int KINDS = 10;
  private static final int MOST_STATISTICS = 64;

  // A request's page numbers: those of 1 GiB. Linux asks for 256 at once.
  private static final int MOST_BYTES = 1 << 20;

  private static final String[] NAMES = {
    "mem_swapped_in",
    "mem_swapped_out",
    "major_page_faults",
    "minor_page_faults",
    "free_mem",
    "total_mem",
    "available_mem",
    "disk_caches",
    "hugetlb_pgalloc",
    "hugetlb_pgfail"
  };

  private final DeviceMemory memory;
  private final long ramBytes;
  private final LongConsumer told;
  private final long[] statistics = new long[KINDS]; // guarded by this
  private VirtioTransport transport = VirtioTransport.NONE;
  private int wanted; // pages; guarded by this
  private int actual; // pages, unsigned; guarded by this
  private int actualTold; // guarded by this
  private boolean statisticsWanted; // guarded by this
  private @Nullable Chain heldStatistics; // the worker's, and reset's

  /**
   * A balloon without air.
   *
   * @param ramBytes of all the machine
   * @param told hears how many bytes the guest has left whenever that changes
   */
  public BalloonDevice(DeviceMemory memory, long ramBytes, LongConsumer told) {
    this.told = told;
    this.memory = memory;
    this.ramBytes = ramBytes;
    Arrays.fill(statistics, -1);
  }

  /** Asks the guest to have so many bytes left, at most all. */
  public void target(long bytes) {
    synchronized (this) {
      wanted = (int) Math.min((ramBytes - Math.min(bytes, ramBytes)) / PAGE, 0xffffffffL);
    }
    transport.configurationChanged();
  }

  /** Bytes that the guest says it has left. */
  public synchronized long left() {
    return Math.max(0, ramBytes - (actual & 0xffffffffL) * PAGE);
  }

  /**
   * What the guest has last told of its memory, as words; empty if nothing. It is asked to tell
   * again.
   */
  public String statistics() {
    var text = new StringBuilder();
    synchronized (this) {
      for (int kind = 0; kind < KINDS; kind++) {
        if (statistics[kind] != -1) {
          text.append(' ').append(NAMES[kind]).append('=').append(statistics[kind]);
        }
      }
      statisticsWanted = true;
    }
    transport.attend(STATISTICS_QUEUE);
    return text.toString();
  }

  @Override
  public int kind() {
    return 5;
  }

  @Override
  public int transitionalId() {
    return 0x1002;
  }

  @Override
  public int classCode() {
    return 0x00ff00;
  }

  @Override
  public long features() {
    return STATISTICS;
  }

  @Override
  public int queues() {
    return 3;
  }

  @Override
  public synchronized int configuration(int offset) {
    int word = offset < ACTUAL ? wanted : actual;
    return offset < CONFIGURATION_END ? word >>> (8 * (offset & 3)) & 0xff : 0;
  }

  @Override
  public synchronized void configure(int offset, int value) {
    if (offset >= ACTUAL && offset < CONFIGURATION_END) {
      int shift = 8 * (offset & 3);
      actual = (actual & ~(0xff << shift)) | value << shift;
    }
  }

  @Override
  public void configured() {
    long left;
    synchronized (this) {
      if (actual == actualTold) {
        return;
      }
      actualTold = actual;
      left = left();
    }
    told.accept(left);
  }

  @Override
  public void connect(VirtioTransport by) {
    transport = by;
  }

  @Override
  public void reset() {
    heldStatistics = null;
    synchronized (this) {
      actual = 0;
      actualTold = 0;
      statisticsWanted = false;
      Arrays.fill(statistics, -1);
    }
  }

  @Override
  public void accept(long features) {
    // Who does not tell of statistics has no queue for them.
  }

  @Override
  public boolean work(int queueIndex, SplitQueue queue) throws BrokenQueueException {
    if (queueIndex == STATISTICS_QUEUE) {
      return takeStatistics(queue);
    }
    Chain chain = queue.take();
    if (chain == null) {
      return false;
    }
    IoVector numbers = chain.readable();
    if (numbers.length() > MOST_BYTES) {
      throw new BrokenQueueException("page numbers of " + numbers.length() + " bytes");
    }
    if (queueIndex == INFLATE) {
      take(numbers);
    }
    // What is given back is there again when it is touched.
    queue.give(chain, 0);
    return true;
  }

  private void take(IoVector given) {
    var numbers = ByteBuffer.allocate((int) given.length()).order(ByteOrder.LITTLE_ENDIAN);
    given.copyTo(0, MemorySegment.ofBuffer(numbers));
    long first = -1;
    long next = -1; // of a run of pages
    while (numbers.remaining() >= 4) {
      long page = numbers.getInt() & 0xffffffffL;
      if (page != next) {
        take(first, next);
        first = page;
      }
      next = page + 1;
    }
    take(first, next);
  }

  /** Takes pages, or those of them that are RAM. */
  private void take(long first, long end) {
    if (first < 0) {
      return;
    }
    long length = (end - first) * PAGE;
    if (release(first * PAGE, length)) {
      return;
    }
    for (long page = first; page < end; page++) {
      boolean unused = release(page * PAGE, PAGE);
    }
  }

  private boolean release(long address, long length) {
    IoVector pages = memory.at(address, length, true);
    if (pages == null) {
      return false;
    }
    for (int index = 0; index < pages.count(); index++) {
      MemorySegment part = pages.segment(index);
      if (!PrivatePages.giveBack(part)) {
        part.fill((byte) 0);
      }
    }
    memory.written(address, length);
    return true;
  }

  /** Keeps the guest's buffer until somebody wants to know more. */
  private boolean takeStatistics(SplitQueue queue) throws BrokenQueueException {
    Chain held = heldStatistics;
    if (held == null) {
      held = queue.take();
      if (held == null) {
        return false;
      }
      read(held.readable());
      heldStatistics = held;
    }
    synchronized (this) {
      if (!statisticsWanted) {
        return false;
      }
      statisticsWanted = false;
    }
    heldStatistics = null;
    queue.give(held, 0);
    return true;
  }

  private void read(IoVector given) {
    int count = (int) Math.min(given.length() / STATISTIC, MOST_STATISTICS);
    var values = ByteBuffer.allocate(count * STATISTIC).order(ByteOrder.LITTLE_ENDIAN);
    given.copyTo(0, MemorySegment.ofBuffer(values));
    synchronized (this) {
      while (values.hasRemaining()) {
        int kind = values.getShort() & 0xffff;
        long value = values.getLong();
        if (kind < KINDS) {
          statistics[kind] = value;
        }
      }
    }
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    wanted = state.i32("wanted", wanted);
    actual = state.i32("actual", actual);
    state.i64("statistics", statistics);
    statisticsWanted = state.flag("statistics wanted", statisticsWanted);
  }
}
