// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BenchRequestsTest {
  private static final long MIB = 1 << 20;

  private static BenchRequests reads(int count, long offset, int size, int step) {
    return new BenchRequests(count, 1, offset, size, step, false, 0, true);
  }

  private static long[] starts(BenchRequests requests, long length) {
    return IntStream.range(0, requests.count())
        .mapToLong(number -> requests.start(number, length))
        .toArray();
  }

  @Test
  void requestsFollowEachOtherByTheStep() {
    assertArrayEquals(new long[] {0, 3333, 6666, 9999}, starts(reads(4, 0, 1000, 3333), 64 * MIB));
  }

  @Test
  void requestsStartOverByTheImagesLength() {
    assertArrayEquals(
        new long[] {62 * MIB, MIB, 4 * MIB, 7 * MIB},
        starts(reads(4, 62 * MIB, 1024, (int) (3 * MIB)), 64 * MIB));
  }

  @Test
  void aFirstRequestBeyondTheEndStaysThere() {
    assertEquals(64 * MIB, reads(1, 64 * MIB, 512, 512).start(0, 64 * MIB));
  }

  @Test
  void startsStayInsideTheLargestImage() {
    long length = Long.MAX_VALUE & -(1L << 30);
    BenchRequests requests =
        reads(Integer.MAX_VALUE, length - 1, Integer.MAX_VALUE, Integer.MAX_VALUE);
    long start = requests.start(Integer.MAX_VALUE - 1, length);
    assertTrue(start >= 0 && start < length, "start " + start);
  }

  private static List<Integer> flushes(int count, int depth, int interval) {
    var requests = new BenchRequests(count, depth, 0, 512, 512, true, interval, true);
    var all = new ArrayList<Integer>();
    int sent = 0;
    do {
      sent = requests.nextFlush(sent);
      all.add(sent);
    } while (sent < count);
    return all;
  }

  // As the reference was seen to flush: strace -f -e pwrite64,fdatasync qemu-img bench -w …
  @Test
  void flushesComeWhenAMultipleOfTheIntervalIsLeft() {
    assertEquals(List.of(2, 4, 6, 8), flushes(8, 2, 2));
    assertEquals(List.of(4, 7, 10), flushes(10, 3, 3));
    assertEquals(List.of(6, 10), flushes(10, 3, 4));
    assertEquals(List.of(1, 5, 9), flushes(9, 1, 4));
    assertEquals(List.of(3), flushes(3, 5, 5));
  }
}
