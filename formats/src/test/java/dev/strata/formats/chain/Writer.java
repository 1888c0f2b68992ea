// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.chain;

import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import dev.strata.block.graph.BlockBackend;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Writes at random, as fast as it goes, while something else happens to the disk. */
final class Writer implements AutoCloseable {
  private final BlockBackend disk;
  private final byte[] content;
  private final Random random;
  private final AtomicBoolean stop = new AtomicBoolean();
  private final Thread thread = Thread.ofPlatform().unstarted(this::run);
  private volatile @Nullable Throwable failure;
  private final AtomicLong requests = new AtomicLong();

  /**
   * Begins at once.
   *
   * @param content what the disk reads as now; is kept up to date
   */
  Writer(BlockBackend disk, byte[] content, long seed) {
    this.disk = disk;
    this.content = content;
    this.random = new Random(seed);
    thread.start();
  }

  private void run() {
    try {
      while (!stop.get()) {
        synchronized (content) {
          request();
        }
        requests.incrementAndGet();
      }
    } catch (Exception | AssertionError e) {
      failure = e;
    }
  }

  private void request() throws Exception {
    int length = 1 + random.nextInt(100 * Chain.KIB);
    int offset = random.nextInt(content.length - length);
    switch (random.nextInt(8)) {
      case 0 -> {
        disk.writeZeroes(offset, length, RequestFlags.MAY_UNMAP);
        Arrays.fill(content, offset, offset + length, (byte) 0);
      }
      case 1 -> {
        disk.discard(offset, length);
        byte[] now = new byte[length];
        disk.read(offset, IoVector.of(now), 0);
        System.arraycopy(now, 0, content, offset, length);
      }
      case 2 -> {
        byte[] now = new byte[length];
        disk.read(offset, IoVector.of(now), 0);
        if (!Arrays.equals(now, 0, length, content, offset, offset + length)) {
          throw new AssertionError("not what was written at " + offset);
        }
      }
      default -> {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        disk.write(offset, IoVector.of(bytes), 0);
        System.arraycopy(bytes, 0, content, offset, length);
      }
    }
  }

  /** What happens between two requests. */
  interface Between {
    void run() throws Exception;
  }

  /** Has something happen between two of its requests. */
  void between(Between what) throws Exception {
    synchronized (content) {
      what.run();
    }
  }

  /** Waits until it has written so much more. */
  void awaitMore(long more) {
    long wanted = requests.get() + more;
    while (requests.get() < wanted && failure == null) {
      Thread.onSpinWait();
    }
  }

  /** Ends it; throws what it met. */
  @Override
  public void close() {
    stop.set(true);
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
    Throwable met = failure;
    if (met != null) {
      throw new AssertionError("the writer failed", met);
    }
  }
}
