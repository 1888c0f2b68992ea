// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.nbd.protocol.Command;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How much has been done for a client, or for several together, by command. Thread-safe: numbers
 * that belong together may be a request apart while it is being counted.
 */
public final class Traffic {
  /** How many commands there are; the last is for those that are not known. */
  static final int COMMANDS = 9;

  /** The bounds of the histogram of times, in nanoseconds; what takes longer comes after. */
  private static final long[] BOUNDS = {
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    1_000_000_000,
    10_000_000_000L
  };

  // Of each command: these, then a counter for each bound and one for what is beyond.
  private static final int REQUESTS = 0;
  private static final int ERRORS = 1;
  private static final int BYTES = 2;
  private static final int NANOS = 3;
  private static final int TIMES = 4;
  private static final int WIDTH = TIMES + BOUNDS.length + 1;

  private final AtomicLongArray counters = new AtomicLongArray(COMMANDS * WIDTH);

  /** Nothing yet. */
  Traffic() {}

  /** A request has been answered, so long after it was taken up. */
  void count(Request request, boolean succeeded, long nanos) {
    int command = request.command;
    int row = (command < 0 || command >= COMMANDS ? COMMANDS - 1 : command) * WIDTH;
    counters.getAndIncrement(row + REQUESTS);
    if (!succeeded) {
      counters.getAndIncrement(row + ERRORS);
    } else if (command != Command.FLUSH) {
      counters.getAndAdd(row + BYTES, request.length);
    }
    counters.getAndAdd(row + NANOS, nanos);
    int time = 0;
    while (time < BOUNDS.length && nanos > BOUNDS[time]) {
      time++;
    }
    counters.getAndIncrement(row + TIMES + time);
  }

  /** Counts what another has counted. */
  void add(Traffic other) {
    for (int i = 0; i < counters.length(); i++) {
      counters.getAndAdd(i, other.counters.get(i));
    }
  }

  private long sum(int field) {
    long sum = 0;
    for (int command = 0; command < COMMANDS; command++) {
      sum += counters.get(command * WIDTH + field);
    }
    return sum;
  }

  /** Requests that have been answered. */
  public long requests() {
    return sum(REQUESTS);
  }

  /** Those of them that failed. */
  public long errors() {
    return sum(ERRORS);
  }

  /** Bytes that clients have read. */
  public long readBytes() {
    return bytes(Command.READ);
  }

  /** Bytes that clients have written. */
  public long writtenBytes() {
    return bytes(Command.WRITE);
  }

  /** Requests of that command that have been answered. */
  long requests(int command) {
    return counters.get(command * WIDTH + REQUESTS);
  }

  /** Those of them that failed. */
  long errors(int command) {
    return counters.get(command * WIDTH + ERRORS);
  }

  /** The bytes that those which succeeded were about. */
  long bytes(int command) {
    return counters.get(command * WIDTH + BYTES);
  }

  /** How long they took together, in nanoseconds. */
  long nanos(int command) {
    return counters.get(command * WIDTH + NANOS);
  }

  /** How many bounds the histogram has. */
  static int bounds() {
    return BOUNDS.length;
  }

  /** A bound of the histogram, in nanoseconds. */
  static long bound(int index) {
    return BOUNDS[index];
  }

  /** How many took longer than the bound before and at most that one. */
  long requestsWithin(int command, int bound) {
    return counters.get(command * WIDTH + TIMES + bound);
  }
}
