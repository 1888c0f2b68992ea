// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.vhost;

import static dev.strata.testimages.vhost.FrontEndClient.AVAILABLE;
import static dev.strata.testimages.vhost.FrontEndClient.DATA;
import static dev.strata.testimages.vhost.FrontEndClient.HEADER;
import static dev.strata.testimages.vhost.FrontEndClient.INDIRECT;
import static dev.strata.testimages.vhost.FrontEndClient.NEXT;
import static dev.strata.testimages.vhost.FrontEndClient.QUEUE;
import static dev.strata.testimages.vhost.FrontEndClient.RESULT;
import static dev.strata.testimages.vhost.FrontEndClient.SIZE;
import static dev.strata.testimages.vhost.FrontEndClient.USED;
import static dev.strata.testimages.vhost.FrontEndClient.USER;
import static dev.strata.testimages.vhost.FrontEndClient.WRITE;
import static dev.strata.testimages.vhost.FrontEndClient.payload;
import static dev.strata.testimages.vhost.FrontEndClient.place;
import static dev.strata.testimages.vhost.FrontEndClient.region;
import static dev.strata.testimages.vhost.FrontEndClient.state;
import static dev.strata.testimages.vhost.FrontEndClient.table;
import static dev.strata.testimages.vhost.FrontEndClient.u64;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What a front-end may send that is not what it should: it is left, and the next one is served. */
final class HostileFrontEndTest {
  private interface Attack {
    void by(FrontEndClient client);
  }

  private static final int IN = 0;
  private static final int OUT = 1;

  @TempDir static Path folder;
  private static @Nullable ServingDaemon daemon;

  @BeforeAll
  static void start() throws Exception {
    assumeTrue(Kernel.isKnown());
    Path image = folder.resolve("disk");
    var bytes = new byte[1 << 20];
    Arrays.fill(bytes, (byte) 7);
    Files.write(image, bytes);
    daemon =
        ServingDaemon.start(
            folder,
            ServingDaemon.OURS,
            List.of("--blockdev", "file,node-name=disk,filename=" + image),
            ",writable=on");
  }

  @AfterAll
  static void end() throws Exception {
    if (daemon != null) {
      try (ServingDaemon ending = daemon) {
        assertEquals(0, ending.end());
        String said = Files.readString(ending.output);
        assertFalse(said.contains("Exception"), said);
        assertFalse(said.contains("\tat "), said);
      }
    }
  }

  private static ServingDaemon daemon() {
    if (daemon == null) {
      throw new AssertionError();
    }
    return daemon;
  }

  private static FrontEndClient client(boolean sealed) {
    return new FrontEndClient(daemon().socket, sealed);
  }

  /** A client like others reads and writes. */
  private static void assertServes() {
    for (boolean sealed : new boolean[] {true, false}) {
      try (FrontEndClient next = client(sealed).begin()) {
        assertEquals(0, next.request(IN, 8, 4096, true));
        assertEquals(7, next.pages.bytes.get(ValueLayout.JAVA_BYTE, DATA + 4095));
        assertEquals(0, next.request(OUT, 8, 4096, false));
      }
    }
  }

  private static int[] times(int file, int count) {
    var all = new int[count];
    Arrays.fill(all, file);
    return all;
  }

  /** Each ends with the connection. */
  private static Map<String, Attack> attacks() {
    var all = new LinkedHashMap<String, Attack>();
    all.put("a payload of 4 GiB", c -> c.raw(2, 1, -1, new byte[0]));
    all.put("a payload longer than any", c -> c.raw(2, 1, 4096, new byte[4096]));
    all.put("a payload too short", c -> c.send(2, new byte[4]));
    all.put("another version", c -> c.raw(1, 2, 0, new byte[0]));
    all.put("a reply to nothing", c -> c.raw(1, 5, 0, new byte[0]));
    all.put("an unknown message", c -> c.send(4711, new byte[0]));
    all.put("half a header, with descriptors", c -> c.bytes(new byte[5], times(c.kick, 3)));
    all.put("a message with 200 descriptors", c -> c.send(1, new byte[1], times(c.kick, 200)));
    all.put("features that were not offered", c -> c.send(2, u64(-1)));
    all.put("protocol features not offered", c -> c.send(16, u64(-1)));
    all.put("a table of many regions", c -> c.send(5, payload(8).putInt(1 << 30).array()));
    all.put("a table without descriptors", c -> c.send(5, table(region(0, SIZE, USER, 0))));
    all.put(
        "a region longer than its file",
        c -> c.send(5, table(region(0, SIZE + 1, USER, 0)), c.pages.file));
    all.put(
        "a region whose end overflows",
        c -> c.send(5, table(region(-4096, 8192, USER, 0)), c.pages.file));
    all.put(
        "a region whose offset overflows",
        c -> c.send(5, table(region(0, SIZE, USER, Long.MAX_VALUE - 4095)), c.pages.file));
    all.put(
        "regions that overlap",
        c ->
            c.send(
                5,
                table(region(0, 8192, USER, 0), region(4096, 8192, USER + SIZE, 0)),
                c.pages.file,
                c.pages.file));
    all.put("an event in place of memory", c -> c.send(5, table(region(0, SIZE, USER, 0)), c.kick));
    all.put("a ring that is not there", c -> c.send(8, state(5, QUEUE)));
    all.put("a ring of no power of two", c -> c.send(8, state(0, 100)));
    all.put("a ring of 2^31", c -> c.send(8, state(0, 1 << 31)));
    all.put(
        "a ring outside memory",
        c -> {
          c.memory();
          c.send(9, place(USER + SIZE - 16, USER + USED, USER + AVAILABLE));
          c.send(12, u64(0), c.kick);
        });
    all.put("a ring without a place", c -> c.send(12, u64(0), c.kick));
    all.put("a regular file in place of an event", c -> c.send(12, u64(0), c.pages.file));
    all.put(
        "memory taken from under a ring",
        c -> {
          c.begin();
          c.send(5, table());
        });
    all.put(
        "an available ring that runs away",
        c -> {
          c.begin();
          c.index(QUEUE + 1);
        });
    all.put(
        "a chain that loops",
        c -> {
          c.begin();
          c.descriptor(0, HEADER, 16, NEXT, 1);
          c.descriptor(1, HEADER, 16, NEXT, 0);
          c.offer(0);
        });
    all.put(
        "a head beyond the table",
        c -> {
          c.begin();
          c.offer(QUEUE);
        });
    all.put(
        "a chain that leads beyond the table",
        c -> {
          c.begin();
          c.descriptor(0, HEADER, 16, NEXT, 0xffff);
          c.offer(0);
        });
    all.put(
        "data outside memory",
        c -> {
          c.begin();
          c.header(IN, 0);
          c.descriptor(0, HEADER, 16, NEXT, 1);
          c.descriptor(1, SIZE - 256, 512, NEXT | WRITE, 2);
          c.descriptor(2, RESULT, 1, WRITE, 0);
          c.offer(0);
        });
    all.put(
        "data at the end of all addresses",
        c -> {
          c.begin();
          c.header(IN, 0);
          c.descriptor(0, HEADER, 16, NEXT, 1);
          c.descriptor(1, -512, 1024, NEXT | WRITE, 2);
          c.descriptor(2, RESULT, 1, WRITE, 0);
          c.offer(0);
        });
    all.put(
        "an indirect table in an indirect table",
        c -> {
          c.begin();
          c.descriptor(0, 16, 16, INDIRECT, 0);
          c.descriptor(1, 0, 16, INDIRECT, 0);
          c.offer(0);
        });
    all.put(
        "an indirect table of a part of a descriptor",
        c -> {
          c.begin();
          c.descriptor(0, DATA, 17, INDIRECT, 0);
          c.offer(0);
        });
    all.put(
        "a request without a place for its result",
        c -> {
          c.begin();
          c.descriptor(0, HEADER, 16, 0, 0);
          c.offer(0);
        });
    all.put(
        "a request of 4 GiB",
        c -> {
          c.begin();
          c.header(OUT, 0);
          c.descriptor(0, HEADER, 16, NEXT, 1);
          c.descriptor(1, 0, 0xffffffffL, NEXT, 2);
          c.descriptor(2, RESULT, 1, WRITE, 0);
          c.offer(0);
        });
    all.put(
        "a change of the disk's size",
        c -> c.send(25, payload(20).putInt(0).putInt(8).putInt(0).putLong(1L << 40).array()));
    return all;
  }

  @TestFactory
  Stream<DynamicTest> theConnectionEndsAndTheNextClientIsServed() {
    return attacks().entrySet().stream()
        .map(each ->
            DynamicTest.dynamicTest(
                each.getKey(),
                () -> {
                  try (FrontEndClient client = client(true)) {
                    client.features(1L << 32 | 1L << 30 | 1L << 28);
                    each.getValue().by(client);
                    if (each.getKey().startsWith("half")) {
                      continueNot(client);
                    }
                    client.awaitEnd();
                  }
                  assertServes();
                }));
  }

  /** The rest of a header never comes. */
  private static void continueNot(FrontEndClient client) {
    client.bytes(new byte[7]);
  }

  @Test
  void memoryTakenAwayIsTheEndOfItsClientAlone() {
    for (int round = 0; round < 3; round++) {
      try (FrontEndClient client = client(false).begin()) {
        assertEquals(0, client.request(IN, 0, 4096, true));
        client.pages.truncate();
        client.kick();
        client.awaitEnd();
      }
      assertServes();
    }
  }

  @Test
  void dataTakenAwayIsTheEndOfItsClientAlone() {
    try (FrontEndClient client = client(false);
        GuestPages more = GuestPages.of(1 << 16, false)) {
      client.features(1L << 32 | 1L << 30);
      client.memory();
      assertEquals(
          0,
          client.acknowledged(
              37,
              payload(40).putLong(0).put(region(1L << 30, 1 << 16, USER + (1L << 30), 0)).array(),
              more.file));
      client.ring();
      more.truncate();
      client.header(OUT, 0);
      client.descriptor(0, HEADER, 16, NEXT, 1);
      client.descriptor(1, 1L << 30, 4096, NEXT, 2);
      client.descriptor(2, RESULT, 1, WRITE, 0);
      client.offer(0);
      client.awaitEnd();
    }
    assertServes();
  }

  @Test
  void whoAsksForAnAnswerHearsOfFailureAndGoesOn() {
    try (FrontEndClient client = client(true)) {
      client.features(1L << 32 | 1L << 30);
      byte[] wrong = table(region(0, SIZE * 2, USER, 0));
      assertTrue(client.acknowledged(5, wrong, client.pages.file) != 0);
      assertTrue(client.acknowledged(38, payload(40).array()) != 0);
      assertEquals(0, client.acknowledged(5, table(region(0, SIZE, USER, 0)), client.pages.file));
      client.ring();
      assertEquals(0, client.request(IN, 0, 512, true));
    }
  }

  @Test
  void requestsBeyondTheDiskFailAlone() {
    try (FrontEndClient client = client(true).begin()) {
      assertEquals(1, client.request(IN, 2048, 512, true));
      assertEquals(1, client.request(IN, -1, 512, true));
      assertEquals(1, client.request(OUT, 1L << 55, 512, false));
      assertEquals(1, client.request(IN, 0, 100, true));
      assertEquals(2, client.request(99, 0, 512, true));
      assertEquals(0, client.request(IN, 2047, 512, true));
    }
  }

  @Test
  void noDescriptorStaysBehind() throws IOException {
    assertServes();
    long before = descriptors();
    for (int round = 0; round < 20; round++) {
      try (FrontEndClient client = client(true)) {
        client.send(1, new byte[0], times(client.kick, 50));
        client.begin();
        client.request(IN, 0, 512, true);
        client.send(38, payload(39).array(), times(client.kick, 9));
        client.awaitEnd();
      }
    }
    assertServes();
    assertTrue(descriptors() <= before + 5, before + " to " + descriptors());
  }

  private static long descriptors() throws IOException {
    Path open = Path.of("/proc/" + daemon().process.pid() + "/fd");
    try (Stream<Path> all = Files.list(open)) {
      return all.count();
    }
  }
}
