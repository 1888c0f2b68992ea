// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.DottedKeys;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a user says of an object. Whoever understands a property takes it out; what is left at the
 * end nobody understood. From a command line all values are text, from JSON they have their types.
 */
public final class ObjectProperties {
  private final Map<String, JsonValue> values = new LinkedHashMap<>();
  private final boolean text;
  private final String prefix;
  private String id = "";

  private ObjectProperties(JsonObject object, boolean text, String prefix) {
    values.putAll(object.members());
    this.text = text;
    this.prefix = prefix;
  }

  /** The properties that {@code argument} lists: {@code TYPE,name=value,…} or a JSON object. */
  public static ObjectProperties parse(String argument) throws BlockException {
    DottedKeys keys = DottedKeys.parseOrJson(argument, "qom-type");
    return new ObjectProperties(keys.object(), !argument.startsWith("{"), "");
  }

  /** The properties in {@code object}, whose values have types. */
  public static ObjectProperties of(JsonObject object) {
    return new ObjectProperties(object, false, "");
  }

  /**
   * What is given, as it is meant: text from a command line becomes what the property is.
   *
   * @param known what there may be
   */
  Map<String, JsonValue> given(List<ObjectType.Property> known) throws BlockException {
    var given = new LinkedHashMap<String, JsonValue>();
    for (ObjectType.Property each : known) {
      JsonValue value = values.get(each.name());
      if (value == null) {
        continue;
      }
      var alone = new ObjectProperties(new JsonObject().put(each.name(), value), text, prefix);
      given.put(
          each.name(),
          switch (each.type()) {
            case "bool" -> JsonBool.of(alone.bool(each.name(), false));
            case "int" -> JsonNumber.of(Objects.requireNonNull(alone.integer(each.name())));
            default -> value;
          });
    }
    return given;
  }

  /** The same, of which nothing is taken out when it is taken out here. */
  ObjectProperties copy() {
    var copy = new ObjectProperties(new JsonObject(), text, prefix);
    copy.values.putAll(values);
    return copy;
  }

  /** Whether anything is said under that name. */
  public boolean has(String name) {
    return values.containsKey(name);
  }

  /** The text of that name, or null if it is not given. */
  public @Nullable String string(String name) throws BlockException {
    JsonValue value = values.remove(name);
    if (value == null) {
      return null;
    }
    if (value instanceof JsonString(String string)) {
      return string;
    }
    throw text ? partsUnexpected(name) : wrongType(name, "string");
  }

  /** Fails if nothing is said under that name. */
  void require(String name) throws BlockException {
    if (!values.containsKey(name)) {
      throw new BlockException(EINVAL, "Parameter '" + prefix + name + "' is missing");
    }
  }

  /** The text of that name. */
  public String requiredString(String name) throws BlockException {
    String value = string(name);
    if (value == null) {
      throw new BlockException(EINVAL, "Parameter '" + prefix + name + "' is missing");
    }
    return value;
  }

  /** The id that the object is to have, taken out and from now on known as {@link #id}. */
  String requiredId() throws BlockException {
    id = requiredString("id");
    return id;
  }

  /** The object's id. */
  String id() {
    return id;
  }

  /** One of {@code words}, or null if it is not given. */
  public @Nullable String word(String name, String... words) throws BlockException {
    String value = string(name);
    if (value == null || List.of(words).contains(value)) {
      return value;
    }
    // Here, and only here, the reference leaves out what the parameter is part of.
    throw new BlockException(
        EINVAL, "Parameter '" + name + "' does not accept value '" + value + "'");
  }

  /** On or off. */
  public boolean bool(String name, boolean otherwise) throws BlockException {
    JsonValue value = values.get(name);
    if (value == null) {
      return otherwise;
    }
    if (!text) {
      values.remove(name);
      if (value instanceof JsonBool(boolean bool)) {
        return bool;
      }
      throw wrongType(name, "boolean");
    }
    return switch (requiredString(name)) {
      case "on", "yes", "true", "y" -> true;
      case "off", "no", "false", "n" -> false;
      default ->
          throw new BlockException(
              EINVAL, "Parameter '" + prefix + name + "' expects 'on' or 'off'");
    };
  }

  /** A number of 64 bits with a sign, or null if it is not given. */
  public @Nullable Long integer(String name) throws BlockException {
    JsonValue value = values.get(name);
    if (value == null) {
      return null;
    }
    String digits;
    if (text) {
      digits = requiredString(name);
    } else {
      values.remove(name);
      if (!(value instanceof JsonNumber)) {
        throw wrongType(name, "integer");
      }
      digits = value.toString();
    }
    try {
      return digits.startsWith("0x") ? Long.decode(digits) : Long.valueOf(digits);
    } catch (NumberFormatException e) {
      throw text
          ? new BlockException(EINVAL, "Parameter '" + prefix + name + "' expects integer")
              .causedBy(e)
          : wrongType(name, "integer").causedBy(e);
    }
  }

  /** The properties nested under that name, or null if there are none. */
  public @Nullable ObjectProperties section(String name) throws BlockException {
    JsonValue value = values.remove(name);
    if (value == null) {
      return null;
    }
    return nested(value, name);
  }

  /** The items of the list of that name; none if it is not given. */
  public List<ObjectProperties> list(String name) throws BlockException {
    JsonValue value = values.remove(name);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof JsonArray array)) {
      throw wrongType(name, "array");
    }
    var items = new ArrayList<ObjectProperties>(array.size());
    for (int i = 0; i < array.size(); i++) {
      items.add(nested(array.get(i), name + (text ? "." + i : "[" + i + "]")));
    }
    return items;
  }

  private ObjectProperties nested(JsonValue value, String name) throws BlockException {
    if (value instanceof JsonObject object) {
      return new ObjectProperties(object, text, prefix + name + ".");
    }
    throw wrongType(name, "object");
  }

  /** EINVAL that names a property nobody took; nothing when all are taken. */
  public void rejectUnknown() throws BlockException {
    for (String name : values.keySet()) {
      throw new BlockException(EINVAL, "Parameter '" + prefix + name + "' is unexpected");
    }
  }

  private BlockException partsUnexpected(String name) {
    return new BlockException(EINVAL, "Parameters '" + prefix + name + ".*' are unexpected");
  }

  private BlockException wrongType(String name, String expected) {
    return new BlockException(
        EINVAL, "Invalid parameter type for '" + prefix + name + "', expected: " + expected);
  }
}
