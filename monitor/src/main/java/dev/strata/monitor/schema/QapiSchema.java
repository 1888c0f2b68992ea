// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.schema;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The commands and events, and the types of what they take, answer and tell. {@link SchemaReader}
 * says how it is written down.
 */
public final class QapiSchema {
  /**
   * A command.
   *
   * @param result what it answers; an empty object if it has nothing to tell
   * @param features words about it, such as {@code unstable}
   */
  public record Command(
      String name, QapiType.Structure arguments, QapiType result, List<String> features) {}

  /** An event, and what it tells. */
  public record Event(String name, QapiType.Structure data) {}

  private final Map<String, QapiType> types;
  private final Map<String, Command> commands = new LinkedHashMap<>();
  private final Map<String, Event> events = new LinkedHashMap<>();

  QapiSchema(Map<String, QapiType> types, List<Command> commands, List<Event> events) {
    this.types = types;
    for (Command command : commands) {
      this.commands.put(command.name(), command);
    }
    for (Event event : events) {
      this.events.put(event.name(), event);
    }
  }

  /** The schema of the storage daemon. */
  public static QapiSchema load() {
    return SchemaReader.read(lines(QapiSchema.class.getResourceAsStream("storage-daemon.schema")));
  }

  /**
   * The schema of a program that knows more than the storage daemon.
   *
   * @param more what it adds
   */
  public static QapiSchema with(@Nullable InputStream more) {
    var all = new ArrayList<>(lines(QapiSchema.class.getResourceAsStream("storage-daemon.schema")));
    all.addAll(lines(more));
    return SchemaReader.read(all);
  }

  private static List<String> lines(@Nullable InputStream resource) {
    try (InputStream in = resource) {
      if (in == null) {
        throw new IllegalStateException("the schema is missing in this build");
      }
      return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).readAllLines();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The arguments of that command, or null if there is no such command. */
  public QapiType.@Nullable Structure command(String name) {
    Command command = commands.get(name);
    return command == null ? null : command.arguments();
  }

  /** The type of that name, which the schema has. */
  public QapiType.Structure structure(String name) {
    if (types.get(name) instanceof QapiType.Structure structure) {
      return structure;
    }
    throw new IllegalArgumentException(name);
  }

  /** The commands, in the order of the text. */
  public List<Command> commands() {
    return List.copyOf(commands.values());
  }

  /** The events, in the order of the text. */
  public List<Event> events() {
    return List.copyOf(events.values());
  }
}
