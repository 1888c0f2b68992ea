// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonStream;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.block.json.JsonWriter;
import dev.strata.block.posix.PassedDescriptors;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Reader;
import org.jspecify.annotations.Nullable;

/**
 * One client. Before anything else it has to agree on capabilities; of those offered, out-of-band
 * execution, no command here makes use.
 */
public final class QmpSession {
  private static final String GENERIC = "GenericError";
  private static final String NOT_FOUND = "CommandNotFound";
  private static final String NEGOTIATE = "qmp_capabilities";
  private static final long FAREWELL_MILLIS = 1000;
  private static final long ANSWER_MILLIS = 100; // a client that does not read is not waited for
  private static final int CHUNK = 4096;

  private final QmpCommands commands;
  private final QmpEvents events;
  private final QmpOutput output;
  private final JsonObject version;
  private final boolean pretty;
  private final ClientDescriptors descriptors;
  private @Nullable Runnable sequel; // of what is being answered; the client's thread alone
  private volatile boolean negotiated;
  private volatile boolean outOfBand;

  /**
   * A client that has just come.
   *
   * @param version as {@code query-version} tells it
   * @param pretty whether replies take several lines
   * @param passed the descriptors that come with the client's words
   */
  public QmpSession(
      QmpCommands commands,
      QmpEvents events,
      OutputStream out,
      JsonObject version,
      boolean pretty,
      PassedDescriptors passed) {
    this.descriptors = new ClientDescriptors(passed);
    this.commands = commands;
    this.events = events;
    this.output = new QmpOutput(out);
    this.version = version;
    this.pretty = pretty;
  }

  /**
   * Greets the client and does what it says, until it has nothing more to say. Then it still has a
   * moment to read the answers.
   */
  public void run(Reader in) {
    send(
        new JsonObject()
            .put(
                "QMP",
                new JsonObject()
                    .put("version", version)
                    .put("capabilities", new JsonArray().add("oob"))));
    events.add(this);
    long farewell = 0;
    try {
      var stream = new JsonStream();
      char[] chunk = new char[CHUNK];
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        for (int i = 0; i < count; i++) {
          take(stream, chunk[i]);
        }
      }
      farewell = FAREWELL_MILLIS;
    } catch (IOException e) {
      // The client has gone: nobody is left to be told.
    } finally {
      events.remove(this);
      forget();
      output.close(farewell);
    }
  }

  private void forget() {
    try {
      descriptors.close();
    } catch (BlockException e) {
      // Nothing was written by them here.
    }
  }

  /** Waits a moment for what the client has not read yet. */
  public void finish() {
    events.remove(this);
    output.close(FAREWELL_MILLIS);
  }

  private void take(JsonStream stream, char c) {
    BlockException failure = null;
    JsonValue next = null;
    try {
      next = stream.accept(c);
    } catch (BlockException e) {
      failure = e;
    }
    for (; next != null; next = stream.pending()) {
      dispatch(next);
    }
    if (failure != null) {
      // The value that the same character completed comes first.
      for (JsonValue left = stream.pending(); left != null; left = stream.pending()) {
        dispatch(left);
      }
      send(error(GENERIC, failure.getMessage(), null));
    }
  }

  void event(JsonObject message) {
    if (negotiated) {
      send(message);
    }
  }

  private void send(JsonObject message) {
    output.line(
        pretty ? JsonWriter.pretty(message).replace("\n", "\r\n") : JsonWriter.compact(message));
  }

  private void dispatch(JsonValue value) {
    if (!(value instanceof JsonObject request)) {
      send(error(GENERIC, "QMP input must be a JSON object", null));
      return;
    }
    QmpCommands.Pace pace = commands.pace();
    pace.begun();
    try {
      answer(request);
    } finally {
      pace.answered();
    }
    // What the next command prints by itself comes after this answer, on a terminal that has both.
    output.await(ANSWER_MILLIS);
    Runnable next = sequel;
    sequel = null;
    if (next != null) {
      next.run();
    }
  }

  private void answer(JsonObject request) {
    JsonValue id = request.get("id");
    JsonObject reply;
    try {
      reply = new JsonObject().put("return", execute(request));
      if (id != null) {
        reply.put("id", id);
      }
    } catch (BlockException e) {
      reply = error(GENERIC, e.getMessage(), id);
    } catch (QmpException e) {
      reply = error(e.errorClass(), e.getMessage(), id);
    } catch (OutOfMemoryError e) {
      reply = error(GENERIC, "Out of memory", id);
    }
    send(reply);
  }

  private static JsonObject error(String errorClass, String message, @Nullable JsonValue id) {
    var reply = new JsonObject();
    if (id != null) {
      reply.put("id", id);
    }
    return reply.put("error", new JsonObject().put("class", errorClass).put("desc", message));
  }

  private JsonValue execute(JsonObject request) throws BlockException, QmpException {
    String name = null;
    boolean urgent = false;
    JsonObject arguments = new JsonObject();
    for (String key : request.keys()) {
      JsonValue value = request.get(key);
      switch (key) {
        case "execute", "exec-oob" -> {
          if (key.equals("exec-oob") && !outOfBand) {
            throw new QmpException(GENERIC, "QMP input member 'exec-oob' is unexpected");
          }
          if (!(value instanceof JsonString(String word))) {
            throw new QmpException(GENERIC, "QMP input member '" + key + "' must be a string");
          }
          if (name != null) {
            throw new QmpException(GENERIC, "QMP input member 'execute' clashes with 'exec-oob'");
          }
          name = word;
          urgent = key.equals("exec-oob");
        }
        case "arguments" -> {
          if (!(value instanceof JsonObject object)) {
            throw new QmpException(GENERIC, "QMP input member 'arguments' must be an object");
          }
          arguments = object;
        }
        case "id" -> {}
        default -> throw new QmpException(GENERIC, "QMP input member '" + key + "' is unexpected");
      }
    }
    if (name == null) {
      throw new QmpException(GENERIC, "QMP input lacks member 'execute'");
    }
    return execute(name, arguments, urgent);
  }

  private JsonValue execute(String name, JsonObject arguments, boolean urgent)
      throws BlockException, QmpException {
    if (name.equals(NEGOTIATE)) {
      if (negotiated) {
        throw new QmpException(
            NOT_FOUND, "Capabilities negotiation is already complete, command ignored");
      }
      JsonValue answer = commands.run(name, arguments, descriptors);
      if (arguments.get("enable") instanceof JsonArray wanted) {
        outOfBand = wanted.size() > 0;
      }
      negotiated = true;
      return answer;
    }
    if (!negotiated) {
      throw new QmpException(
          NOT_FOUND, "Expecting capabilities negotiation with 'qmp_capabilities'");
    }
    if (urgent && commands.has(name)) {
      throw new QmpException(GENERIC, "The command " + name + " does not support OOB");
    }
    JsonValue answer = commands.run(name, arguments, descriptors);
    sequel = commands.sequel(name);
    return answer;
  }
}
