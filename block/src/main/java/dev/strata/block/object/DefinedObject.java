// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** An object with what was said of it. Thread-safe. */
public final class DefinedObject {
  static final String LOADED = "loaded";
  private static final String TYPE = "type";

  private final ObjectType type;
  private final NamedObject object;
  private final Map<String, JsonValue> values; // guarded by this

  DefinedObject(ObjectType type, NamedObject object, Map<String, JsonValue> values) {
    this.type = type;
    this.object = object;
    this.values = values;
  }

  /** Its type. */
  public ObjectType type() {
    return type;
  }

  /** The object. */
  NamedObject object() {
    return object;
  }

  /** What can be asked of an object of that type; not only what can be said of it. */
  public static List<ObjectType.Property> properties(ObjectType type) {
    var all = new ArrayList<ObjectType.Property>();
    all.add(new ObjectType.Property(TYPE, "string", new JsonString(type.name())));
    all.addAll(type.properties());
    if (type.loads()) {
      all.add(new ObjectType.Property(LOADED, "bool", JsonBool.TRUE));
    }
    return List.copyOf(all);
  }

  private ObjectType.Property property(String name) throws BlockException {
    for (ObjectType.Property each : properties(type)) {
      if (each.name().equals(name)) {
        return each;
      }
    }
    throw new BlockException(Errno.ENOENT, "Property '" + type.name() + "." + name + "' not found");
  }

  /** The value of a property. */
  public synchronized JsonValue get(String name) throws BlockException {
    ObjectType.Property property = property(name);
    JsonValue now = name.equals(TYPE) ? null : object.property(name);
    return now == null ? values.getOrDefault(name, property.initial()) : now;
  }

  /** Changes a property. */
  public synchronized void set(String name, JsonValue value) throws BlockException {
    property(name);
    if (name.equals(TYPE) || name.equals(LOADED)) {
      throw notWritable(type, name);
    }
    object.change(name, ObjectProperties.of(new JsonObject().put(name, value)));
    values.put(name, value);
  }

  static BlockException notWritable(ObjectType type, String name) {
    return new BlockException(
        Errno.EPERM, "Property '" + type.name() + "." + name + "' is not writable");
  }
}
