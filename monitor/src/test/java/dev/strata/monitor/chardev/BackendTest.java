// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is asked of a character device is done or refused. */
final class BackendTest {
  @Test
  void signalsThatAreToBeOffAreRefused() {
    var data = new JsonObject().put("signal", false);
    var backend = new JsonObject().put("type", "stdio").put("data", data);
    var e =
        assertThrows(BlockException.class, () -> new Backend(false, line -> {}).open("c", backend));
    assertEquals("Strata does not support 'signal=off' of a character device", e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"delay=off,true", "delay=on,false", "nodelay=on,true"})
  void whatIsNotToBeDelayedIsSaidInTwoWays(String option, boolean nodelay) throws Exception {
    var parsed =
        CommandLineBackend.parse(
            "socket,id=c,host=localhost,port=0,server=on," + option, line -> {});
    var data = (JsonObject) parsed.backend().get("data");
    assertEquals(JsonBool.of(nodelay), data.get("nodelay"));
  }
}
