// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fault;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.testimages.crash.MemoryFiles;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** Has one call of a kind fail, or that one and all later ones. Thread-safe. */
final class Fault implements MemoryFiles.Gate {
  /** Calls that fail alike. */
  enum Victim {
    READ(MemoryFiles.Call.READ),
    WRITE(MemoryFiles.Call.WRITE),
    FLUSH(MemoryFiles.Call.FLUSH),
    TRUNCATE(MemoryFiles.Call.TRUNCATE),
    PUNCH(MemoryFiles.Call.DISCARD, MemoryFiles.Call.ZERO),
    ALLOCATION(MemoryFiles.Call.CREATE, MemoryFiles.Call.TRUNCATE, MemoryFiles.Call.ZERO);

    private final Set<MemoryFiles.Call> calls;

    Victim(MemoryFiles.Call first, MemoryFiles.Call... more) {
      calls = EnumSet.of(first, more);
    }

    boolean is(MemoryFiles.Call call) {
      return calls.contains(call);
    }
  }

  /** How it fails. */
  enum Manner {
    EIO,
    ENOSPC,
    /** Half of the bytes get through. */
    SHORT,
    /** All later ones fail, too, with EIO. */
    FOR_GOOD
  }

  private final Victim victim;
  private final Manner manner;
  private final int number;
  private final AtomicInteger calls = new AtomicInteger();

  /**
   * For one run.
   *
   * @param number of the call, from 1 on
   */
  Fault(Victim victim, Manner manner, int number) {
    this.victim = victim;
    this.manner = manner;
    this.number = number;
  }

  /** Whether there were so many calls that one had to fail. */
  boolean happened() {
    return calls.get() >= number;
  }

  /** Whether the rest fails, too. */
  boolean isForGood() {
    return manner == Manner.FOR_GOOD;
  }

  @Override
  public long before(MemoryFiles.Call call, String name, long offset, long length)
      throws BlockException {
    if (!victim.is(call)) {
      return length;
    }
    int now = calls.incrementAndGet();
    boolean fails = now == number || (now > number && manner == Manner.FOR_GOOD);
    if (!fails) {
      return length;
    }
    if (manner == Manner.SHORT && length > 1) {
      return length / 2;
    }
    throw BlockException.of(manner == Manner.ENOSPC ? Errno.ENOSPC : Errno.EIO);
  }

  @Override
  public void after(MemoryFiles.Call call, String name) {
    // Only the beginning counts.
  }

  @Override
  public String toString() {
    return victim + " " + number + " " + manner;
  }
}
