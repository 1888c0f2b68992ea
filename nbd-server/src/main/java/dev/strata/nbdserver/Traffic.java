// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.nbd.protocol.Command;
import java.util.concurrent.atomic.LongAdder;

/** How much a server has done for its clients since it began. Thread-safe. */
public final class Traffic {
  private final LongAdder requests = new LongAdder();
  private final LongAdder errors = new LongAdder();
  private final LongAdder readBytes = new LongAdder();
  private final LongAdder writtenBytes = new LongAdder();

  Traffic() {}

  /** A request has been answered. */
  void count(Request request, boolean succeeded) {
    requests.increment();
    if (!succeeded) {
      errors.increment();
    } else if (request.command == Command.READ) {
      readBytes.add(request.length);
    } else if (request.command == Command.WRITE) {
      writtenBytes.add(request.length);
    }
  }

  /** Requests that have been answered. */
  public long requests() {
    return requests.sum();
  }

  /** Those of them that failed. */
  public long errors() {
    return errors.sum();
  }

  /** Bytes that clients have read. */
  public long readBytes() {
    return readBytes.sum();
  }

  /** Bytes that clients have written. */
  public long writtenBytes() {
    return writtenBytes.sum();
  }
}
