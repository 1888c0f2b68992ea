// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonReader;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is asked of a character device is done or refused. */
final class BackendTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "stdio|stdio|{}",
        "file:a,b=c|file|{\"out\": \"a,b=c\"}",
        "unix:/q,server=on,wait=off|socket|{\"addr\": {\"type\": \"unix\", \"data\": {\"path\":"
            + " \"/q\"}}, \"server\": true, \"wait\": false}",
        "tcp:localhost:4444|socket|{\"addr\": {\"type\": \"inet\", \"data\": {\"host\":"
            + " \"localhost\", \"port\": \"4444\"}}, \"server\": false}",
        "tcp:[::1]:4444,server=on|socket|{\"addr\": {\"type\": \"inet\", \"data\": {\"host\":"
            + " \"::1\", \"port\": \"4444\"}}, \"server\": true, \"wait\": true}"
      })
  void theShortFormsAreUnderstood(String text, String kind, String data) throws Exception {
    var parsed = CommandLineBackend.ofShort("c", text);
    assertEquals("c", parsed.id());
    assertEquals(kind, parsed.backend().string("type"));
    assertEquals(JsonReader.parseObject(data), parsed.backend().get("data"));
  }

  @ParameterizedTest
  @CsvSource({"tcp:4444", "vc", "stdio:x", "unix"})
  void whatIsNoShortFormIsRefused(String text) {
    var e = assertThrows(BlockException.class, () -> CommandLineBackend.ofShort("c", text));
    assertEquals("'" + text + "' is not a valid char driver", e.getMessage());
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
