// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import java.util.concurrent.Semaphore;

/**
 * What all clients of a server have together, so that it does not grow with their number. Whoever
 * gets none does without, and waits for nobody: a client that does not read would keep its share.
 *
 * @param threads on which requests wait, {@link ServerLimits#ALL_OVERTAKING} of them
 * @param wholeReads buffers of {@link ServerLimits#WHOLE_READ} bytes for reads that are answered in
 *     one part
 * @param largeOptions whose data is more than {@link ServerLimits#SMALL_OPTION} bytes
 */
record Shared(Semaphore threads, Semaphore wholeReads, Semaphore largeOptions) {
  /** A server's shares. */
  static Shared ofServer() {
    return new Shared(
        new Semaphore(ServerLimits.ALL_OVERTAKING),
        new Semaphore(ServerLimits.ALL_WHOLE_READS),
        new Semaphore(ServerLimits.ALL_LARGE_OPTIONS));
  }
}
