// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.qmp;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.json.JsonObject;
import dev.strata.monitor.schema.QapiSchema;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** A client's conversation, of which its end is what nobody else sees. */
final class QmpSessionTest {
  private final CountDownLatch ended = new CountDownLatch(1); // what the client says
  private final ByteArrayOutputStream taken = new ByteArrayOutputStream();

  /** Says all, and knows when that was noticed. */
  private final class Words extends StringReader {
    Words(String text) {
      super(text);
    }

    @Override
    public int read(char[] into, int offset, int length) throws IOException {
      int count = super.read(into, offset, length);
      if (count < 0) {
        ended.countDown();
      }
      return count;
    }
  }

  /** Takes nothing before. */
  private final class Late extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        ended.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException();
      }
      taken.write(bytes, offset, length);
    }
  }

  @Test
  void whoSaysNothingMoreHasTheAnswersBeforeTheSessionEnds() {
    var commands = new QmpCommands(QapiSchema.load());
    commands.add("qmp_capabilities", arguments -> new JsonObject());
    commands.add("quit", arguments -> new JsonObject());
    var events = new QmpEvents(Clock.systemUTC());
    var session =
        new QmpSession(
            commands, events, new Late(), new JsonObject(), false, ClientDescriptors.NONE);
    session.run(new Words("{'execute':'qmp_capabilities'} {'execute':'quit','id':'last'}"));
    String text = taken.toString(StandardCharsets.US_ASCII);
    assertTrue(text.endsWith("{\"return\": {}, \"id\": \"last\"}\r\n"), text);
  }
}
