// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

/**
 * The requests of a benchmark.
 *
 * @param count how many
 * @param depth how many at once, at least 1 unless there are none
 * @param offset of the first, in bytes
 * @param size of each, in bytes
 * @param step from one's start to the next one's, in bytes
 * @param flushInterval a flush comes whenever so many are left, or a multiple of it; 0 for none
 * @param drain whether a flush waits for the writes under way
 */
record BenchRequests(
    int count,
    int depth,
    long offset,
    int size,
    int step,
    boolean write,
    int flushInterval,
    boolean drain) {

  /** Where in an image of that length the request of that number, from 0, starts. */
  long start(int number, long length) {
    if (number == 0 || length == 0) {
      return offset; // which may be beyond the end, and then the request fails
    }
    long rest = length - (long) number * step % length;
    long first = offset % length;
    return first >= rest ? first - rest : first + (length - rest);
  }

  /**
   * After how many requests, more than {@code sent}, the next flush comes. The first ones are sent
   * all at once, as many as the depth allows, without a flush between them.
   */
  int nextFlush(int sent) {
    int from = Math.max(sent + 1, Math.min(depth, count));
    return from + (count - from) % flushInterval;
  }
}
