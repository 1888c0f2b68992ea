// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.monitor.schema.QapiInput;
import dev.strata.monitor.schema.QapiSchema;
import dev.strata.monitor.schema.QapiType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The commands that there are, by name. They run one after the other, whoever asks. */
public final class QmpCommands {
  private record Entry(
      QapiType.@Nullable Structure arguments, QmpCommand command, Runnable sequel) {}

  private static final Runnable NOTHING = () -> {};

  /** Hears of every command, on the thread that carries it out. */
  public interface Pace {
    /** A command begins. */
    void begun();

    /** It has been answered, well or badly. */
    void answered();
  }

  private static final Pace NONE =
      new Pace() {
        @Override
        public void begun() {}

        @Override
        public void answered() {}
      };

  private final QapiSchema schema;
  private volatile Pace pace = NONE;
  private ClientDescriptors descriptors =
      new ClientDescriptors(ClientDescriptors.NONE); // guarded by this
  private final Map<String, Entry> commands = new LinkedHashMap<>(); // complete before any session

  /** No commands yet. */
  public QmpCommands(QapiSchema schema) {
    this.schema = schema;
  }

  /** Adds a command, whose arguments the schema has. */
  public void add(String name, QmpCommand command) {
    add(name, command, NOTHING);
  }

  /**
   * Adds a command, whose arguments the schema has.
   *
   * @param sequel what follows when the client has its answer, should it be a good one
   */
  public void add(String name, QmpCommand command, Runnable sequel) {
    QapiType.Structure arguments = schema.command(name);
    if (arguments == null) {
      throw new IllegalArgumentException("the schema has no command " + name);
    }
    commands.put(name, new Entry(arguments, command, sequel));
  }

  /** Adds a command that checks its arguments itself, for they are those of many drivers. */
  public void addUnchecked(String name, QmpCommand command) {
    commands.put(name, new Entry(null, command, NOTHING));
  }

  /** Says who hears of commands. */
  public void pace(Pace hears) {
    pace = hears;
  }

  Pace pace() {
    return pace;
  }

  /** All names, as {@code query-commands} tells them. */
  public JsonArray names() {
    var names = new JsonArray();
    for (String name : commands.keySet()) {
      names.add(new JsonObject().put("name", name));
    }
    return names;
  }

  /** All names. */
  public List<String> nameList() {
    return List.copyOf(commands.keySet());
  }

  /** Whether there is a command of that name. */
  boolean has(String name) {
    return commands.containsKey(name);
  }

  /** What follows a command's answer. */
  Runnable sequel(String name) {
    Entry entry = commands.get(name);
    return entry == null ? NOTHING : entry.sequel();
  }

  /** Carries a command out, alone, for nobody who could pass descriptors. */
  public JsonValue run(String name, JsonObject arguments) throws BlockException, QmpException {
    return run(name, arguments, new ClientDescriptors(ClientDescriptors.NONE));
  }

  /** What the client has passed who gave the command that is being carried out. */
  public synchronized ClientDescriptors descriptors() {
    return descriptors;
  }

  /** Carries a command out, alone, for that client. */
  synchronized JsonValue run(String name, JsonObject arguments, ClientDescriptors client)
      throws BlockException, QmpException {
    ClientDescriptors before = descriptors; // of a command that gives this one
    descriptors = client;
    try {
      return run(arguments, name);
    } finally {
      descriptors = before;
    }
  }

  private JsonValue run(JsonObject arguments, String name) throws BlockException, QmpException {
    Entry entry = commands.get(name);
    if (entry == null) {
      throw new QmpException("CommandNotFound", "The command " + name + " has not been found");
    }
    QapiType.Structure type = entry.arguments();
    return entry.command().run(type == null ? arguments : QapiInput.ofJson(type, arguments));
  }
}
