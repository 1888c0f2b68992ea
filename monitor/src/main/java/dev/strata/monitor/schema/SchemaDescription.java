// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.schema;

import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNull;
import dev.strata.block.json.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The schema as clients are told of it. Types other than the built-in ones have numbers for names,
 * as those may change.
 *
 * @see "QEMU qapi/introspect.json, SchemaInfo"
 */
public final class SchemaDescription {
  /** A type that something refers to, and what clients know it by. */
  private record Used(String name, QapiType type) {}

  private final JsonArray all = new JsonArray();
  private final Map<QapiType, String> names = new IdentityHashMap<>();
  private final Set<String> told = new HashSet<>(); // built-in ones and lists are many, equal
  private final List<Used> used = new ArrayList<>(); // in the order of their first use
  private int count;

  private SchemaDescription() {}

  /**
   * Of a schema.
   *
   * @param commands the names of those that there are; others are left out
   */
  public static JsonArray of(QapiSchema schema, List<String> commands) {
    var description = new SchemaDescription();
    Set<String> known = new HashSet<>(commands);
    for (QapiSchema.Command command : schema.commands()) {
      if (known.contains(command.name())) {
        description.command(command);
      }
    }
    for (QapiSchema.Event event : schema.events()) {
      description.all.add(
          entry(event.name(), "event").put("arg-type", description.name(event.data())));
    }
    description.types();
    return description.all;
  }

  private void command(QapiSchema.Command command) {
    JsonObject json = entry(command.name(), "command");
    json.put("arg-type", name(command.arguments()));
    json.put("ret-type", name(command.result()));
    all.add(features(json, command.features()));
  }

  private static JsonObject entry(String name, String kind) {
    return new JsonObject().put("name", name).put("meta-type", kind);
  }

  private static JsonObject features(JsonObject json, List<String> features) {
    if (!features.isEmpty()) {
      var array = new JsonArray();
      features.forEach(array::add);
      json.put("features", array);
    }
    return json;
  }

  private String name(QapiType type) {
    return switch (type) {
      case QapiType.Text _ -> use("str", type);
      case QapiType.Bool _ -> use("bool", type);
      case QapiType.Whole _ -> use("int", type);
      case QapiType.Fraction _ -> use("number", type);
      case QapiType.Any _ -> use("any", type);
      case QapiType.Nothing _ -> use("null", type);
      case QapiType.ListOf(QapiType item) -> use("[" + name(item) + "]", type);
      case QapiType.Enumeration _, QapiType.Alternate _, QapiType.Structure _ -> {
        String name = names.get(type);
        if (name == null) {
          name = String.valueOf(count++);
          names.put(type, name);
        }
        yield use(name, type);
      }
    };
  }

  private String use(String name, QapiType type) {
    if (told.add(name)) {
      used.add(new Used(name, type));
    }
    return name;
  }

  /** Describing one may use others, which then follow. */
  private void types() {
    for (int i = 0; i < used.size(); i++) {
      String name = used.get(i).name();
      all.add(
          switch (used.get(i).type()) {
            case QapiType.Text _ -> builtin(name, "string");
            case QapiType.Bool _ -> builtin(name, "boolean");
            case QapiType.Whole _ -> builtin(name, "int");
            case QapiType.Fraction _ -> builtin(name, "number");
            case QapiType.Any _ -> builtin(name, "value");
            case QapiType.Nothing _ -> builtin(name, "null");
            case QapiType.ListOf(QapiType item) ->
                entry(name, "array").put("element-type", name(item));
            case QapiType.Enumeration(String _, List<QapiType.Word> words) ->
                enumeration(name, words);
            case QapiType.Alternate(String _, List<QapiType> choices) -> alternate(name, choices);
            case QapiType.Structure structure -> object(name, structure);
          });
    }
  }

  private static JsonObject builtin(String name, String jsonType) {
    return entry(name, "builtin").put("json-type", jsonType);
  }

  private static JsonObject enumeration(String name, List<QapiType.Word> words) {
    var members = new JsonArray();
    var values = new JsonArray();
    for (QapiType.Word word : words) {
      members.add(features(new JsonObject().put("name", word.name()), word.features()));
      values.add(word.name());
    }
    return entry(name, "enum").put("members", members).put("values", values);
  }

  private JsonObject alternate(String name, List<QapiType> choices) {
    var members = new JsonArray();
    for (QapiType choice : choices) {
      members.add(new JsonObject().put("type", name(choice)));
    }
    return entry(name, "alternate").put("members", members);
  }

  private JsonObject object(String name, QapiType.Structure structure) {
    JsonObject json = entry(name, "object");
    var members = new JsonArray();
    for (QapiType.Member member : structure.members()) {
      var each = new JsonObject().put("name", member.name()).put("type", name(member.type()));
      if (member.optional()) {
        each.put("default", JsonNull.NULL);
      }
      members.add(features(each, member.features()));
    }
    json.put("members", members);
    if (structure.tag() != null) {
      json.put("tag", structure.tag());
      json.put("variants", variants(structure, structure.tag()));
    }
    return features(json, structure.features());
  }

  /** Those with members of their own come first. */
  private JsonArray variants(QapiType.Structure union, String tag) {
    var variants = new JsonArray();
    for (Map.Entry<String, QapiType.Structure> branch : union.branches().entrySet()) {
      variants.add(
          new JsonObject().put("case", branch.getKey()).put("type", name(branch.getValue())));
    }
    if (union.typeOf(tag) instanceof QapiType.Enumeration(String _, List<QapiType.Word> words)) {
      for (QapiType.Word word : words) {
        if (!union.branches().containsKey(word.name())) {
          variants.add(
              new JsonObject().put("case", word.name()).put("type", name(SchemaReader.EMPTY)));
        }
      }
    }
    return variants;
  }
}
