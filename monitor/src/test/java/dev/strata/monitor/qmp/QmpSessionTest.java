// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.qmp;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.json.JsonObject;
import dev.strata.monitor.schema.QapiSchema;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import org.junit.jupiter.api.Test;

/** A client's conversation, of which its end is what nobody else sees. */
final class QmpSessionTest {
  private final ByteArrayOutputStream taken = new ByteArrayOutputStream();

  /** Takes a while for each line, as a terminal or a pipe may. */
  private final OutputStream slow =
      new OutputStream() {
        @Override
        public void write(int b) {
          taken.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
          try {
            Thread.sleep(20);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          taken.write(bytes, offset, length);
        }
      };

  @Test
  void whoSaysNothingMoreHasTheAnswersBeforeTheSessionEnds() {
    var commands = new QmpCommands(QapiSchema.load());
    commands.add("qmp_capabilities", arguments -> new JsonObject());
    commands.add("quit", arguments -> new JsonObject());
    var session =
        new QmpSession(commands, new QmpEvents(Clock.systemUTC()), slow, new JsonObject(), false);
    session.run(new StringReader("{'execute':'qmp_capabilities'} {'execute':'quit','id':'last'}"));
    String text = taken.toString(StandardCharsets.US_ASCII);
    assertTrue(text.endsWith("{\"return\": {}, \"id\": \"last\"}\r\n"), text);
  }
}
