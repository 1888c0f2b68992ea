// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonReader;
import dev.strata.block.object.ObjectProperties;
import dev.strata.block.object.ObjectRegistry;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An I/O thread says which of its properties nothing here heeds. */
final class IoThreadTest {
  private final ObjectRegistry objects = new ObjectRegistry(List.of(new IoThread.Type()));

  private String refusal(String definition) {
    return assertThrows(BlockException.class, () -> objects.define(definition)).getMessage();
  }

  @Test
  void initialValuesAndNoPollingAreAccepted() throws BlockException {
    objects.define("iothread,id=a");
    objects.define("iothread,id=b,poll-max-ns=0,poll-grow=0,thread-pool-max=64");
    objects.define("iothread,id=c,poll-max-ns=32768");
  }

  @Test
  void whatNothingHeedsIsRefused() {
    for (String each :
        List.of(
            "poll-max-ns=5",
            "poll-grow=2",
            "poll-shrink=2",
            "aio-max-batch=8",
            "thread-pool-min=1",
            "thread-pool-max=8")) {
      assertEquals("iothread: " + each + " is not supported", refusal("iothread,id=a," + each));
    }
  }

  @Test
  void whatIsWrongAnywhereIsToldInTheReferencesWords() {
    assertEquals(
        "poll-grow value must be in range [0, 9223372036854775807]",
        refusal("iothread,id=a,poll-grow=-1"));
    assertEquals(
        "bad thread-pool-min/thread-pool-max values", refusal("iothread,id=a,thread-pool-min=65"));
  }

  @Test
  void aRefusedChangeLeavesWhatWas() throws Exception {
    objects.define("iothread,id=a,poll-max-ns=0");
    var thread = (IoThread) objects.find("a");
    assertThrows(
        BlockException.class,
        () ->
            thread.change(
                "poll-max-ns", ObjectProperties.of(JsonReader.parseObject("{\"poll-max-ns\":7}"))));
    assertEquals("0", String.valueOf(thread.property("poll-max-ns")));
  }
}
