// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qtest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.strata.system.chardev.Line;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/** qtest on a line: one client after the other. */
public final class Session implements Line.Receiver {
  // A command with as many bytes as there may be, in hexadecimal.
  private static final int MOST_LINE = 2 * MemoryCommands.MOST_BYTES + 256;

  private final Line line;
  private final @Nullable Log log;
  private final Protocol protocol;
  private final ByteArrayOutputStream pending = new ByteArrayOutputStream(); // the line's thread's
  private boolean tooLong; // the line's thread's

  private Session(Line line, DrivenBoard board, @Nullable Log log) {
    this.line = line;
    this.log = log;
    protocol = new Protocol(board, this::say);
  }

  /** Lets clients of a line drive a board from now on. */
  public static void open(Line line, DrivenBoard board, @Nullable Log log) {
    line.connect(new Session(line, board, log));
  }

  @Override
  public void opened() {
    pending.reset();
    tooLong = false;
    protocol.begin();
    if (log != null) {
      log.opened();
    }
  }

  @Override
  public void closed() {
    if (log != null) {
      log.closed();
    }
  }

  @Override
  public int receive(byte[] bytes, int from, int length) {
    int start = from;
    for (int at = from; at < from + length; at++) {
      if (bytes[at] == '\n') {
        gather(bytes, start, at);
        take();
        start = at + 1;
      }
    }
    gather(bytes, start, from + length);
    return length;
  }

  private void gather(byte[] bytes, int from, int to) {
    tooLong |= pending.size() + (to - from) > MOST_LINE;
    if (tooLong) {
      pending.reset();
    } else {
      pending.write(bytes, from, to - from);
    }
  }

  private void take() {
    String text = pending.toString(ISO_8859_1);
    boolean refused = tooLong;
    tooLong = false;
    pending.reset();
    if (log != null) {
      log.received(refused ? "(a line that is too long)" : text);
    }
    say(refused ? "FAIL a line has " + MOST_LINE + " bytes at most" : protocol.answer(text));
  }

  private synchronized void say(String text) {
    if (log != null) {
      log.sent(text);
    }
    byte[] bytes = (text + "\n").getBytes(ISO_8859_1);
    line.write(bytes, 0, bytes.length);
  }
}
