// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.drive;

import dev.strata.block.BlockException;
import dev.strata.block.job.ErrorAction;
import dev.strata.block.job.OnError;

/**
 * What is done about a guest's requests that fail.
 *
 * @param onRead of those that read
 * @param onWrite of all others
 */
public record ErrorPolicy(OnError onRead, OnError onWrite) {
  /** What a device does if nobody has said otherwise: a full disk stops the machine. */
  public static final ErrorPolicy DEFAULT = new ErrorPolicy(OnError.REPORT, OnError.ENOSPC);

  /** The guest hears of all. */
  public static final ErrorPolicy REPORT = new ErrorPolicy(OnError.REPORT, OnError.REPORT);

  ErrorAction actionFor(Access access, BlockException failure) {
    OnError wanted = access == Access.READ ? onRead : onWrite;
    return wanted.actionFor(failure.errno());
  }

  /** Whether there are failures that stop the machine, so that a status is worth showing. */
  boolean mayStop() {
    return onRead == OnError.STOP || onWrite == OnError.STOP || onWrite == OnError.ENOSPC;
  }
}
