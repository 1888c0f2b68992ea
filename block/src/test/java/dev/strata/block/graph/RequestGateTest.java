// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class RequestGateTest {
  @Test
  void shutByTwoItOpensWithTheSecond() throws Exception {
    var gate = new RequestGate();
    gate.shut();
    gate.shut();
    var inside = new CountDownLatch(1);
    Thread request =
        Thread.ofVirtual()
            .start(() -> {
              gate.enter();
              inside.countDown();
              gate.leave();
            });
    gate.open();
    assertFalse(inside.await(20, TimeUnit.MILLISECONDS));
    assertEquals(1, inside.getCount());
    gate.open();
    assertTrue(inside.await(10, TimeUnit.SECONDS));
    request.join();
  }

  @Test
  void shuttingWaitsForThoseInside() throws Exception {
    var gate = new RequestGate();
    gate.enter();
    var shut = new CountDownLatch(1);
    Thread.ofVirtual()
        .start(() -> {
          gate.shut();
          shut.countDown();
        });
    assertFalse(shut.await(20, TimeUnit.MILLISECONDS));
    gate.leave();
    assertTrue(shut.await(10, TimeUnit.SECONDS));
  }
}
