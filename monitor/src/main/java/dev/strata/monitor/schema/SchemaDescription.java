// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.schema;

import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNull;
import dev.strata.block.json.JsonObject;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The schema as clients are told of it. Types other than the built-in ones have numbers for names,
 * as those may change. What a command answers is not described: it is {@code any}.
 *
 * @see "QEMU qapi/introspect.json, SchemaInfo"
 */
public final class SchemaDescription {
  private final JsonArray all = new JsonArray();
  private final Map<QapiType, String> names = new IdentityHashMap<>();

  private SchemaDescription() {}

  /** Of these commands; one without checked arguments takes any. */
  public static JsonArray of(QapiSchema schema, List<String> commands) {
    var description = new SchemaDescription();
    for (String command : commands) {
      description.command(command, schema.command(command));
    }
    description.builtin("any", "value");
    return description.all;
  }

  private void command(String name, QapiType.@Nullable Structure arguments) {
    JsonObject json = entry(name, "command");
    json.put("ret-type", "any");
    json.put("arg-type", arguments == null ? "any" : name(arguments));
    json.put("allow-oob", false);
    all.add(json);
  }

  private static JsonObject entry(String name, String kind) {
    return new JsonObject().put("name", name).put("meta-type", kind);
  }

  private String builtin(String name, String jsonType) {
    all.add(entry(name, "builtin").put("json-type", jsonType));
    return name;
  }

  private String name(QapiType type) {
    QapiType known = type;
    String name = names.get(known);
    if (name == null) {
      name =
          switch (type) {
            case QapiType.Text _ -> builtin("str", "string");
            case QapiType.Bool _ -> builtin("bool", "boolean");
            case QapiType.Whole _ -> whole();
            case QapiType.Any _ -> "any";
            case QapiType.Nothing _ -> builtin("null", "null");
            case QapiType.ListOf(QapiType item) -> list(item);
            default -> String.valueOf(names.size());
          };
      names.put(known, name);
      describe(type, name);
    }
    return name;
  }

  /** There is one kind of them in the description. */
  private String whole() {
    return names.containsValue("int") ? "int" : builtin("int", "int");
  }

  private String list(QapiType item) {
    String of = name(item);
    String name = "[" + of + "]";
    if (!names.containsValue(name)) {
      all.add(entry(name, "array").put("element-type", of));
    }
    return name;
  }

  /** Names were given before: a type may refer to itself. */
  private void describe(QapiType type, String name) {
    switch (type) {
      case QapiType.Enumeration(String _, List<String> words) -> {
        var members = new JsonArray();
        var values = new JsonArray();
        for (String word : words) {
          members.add(new JsonObject().put("name", word));
          values.add(word);
        }
        all.add(entry(name, "enum").put("members", members).put("values", values));
      }
      case QapiType.Alternate(String _, List<QapiType> choices) -> {
        var members = new JsonArray();
        for (QapiType choice : choices) {
          members.add(new JsonObject().put("type", name(choice)));
        }
        all.add(entry(name, "alternate").put("members", members));
      }
      case QapiType.Structure structure -> object(structure, name);
      case QapiType.Text _,
          QapiType.Bool _,
          QapiType.Whole _,
          QapiType.Any _,
          QapiType.Nothing _,
          QapiType.ListOf _ -> {}
    }
  }

  private void object(QapiType.Structure structure, String name) {
    JsonObject json = entry(name, "object");
    var members = new JsonArray();
    for (QapiType.Member member : structure.members()) {
      var each = new JsonObject().put("name", member.name()).put("type", name(member.type()));
      if (member.optional()) {
        each.put("default", JsonNull.NULL);
      }
      members.add(each);
    }
    json.put("members", members);
    if (structure.tag() != null) {
      json.put("tag", structure.tag());
      var variants = new JsonArray();
      for (Map.Entry<String, QapiType.Structure> branch : structure.branches().entrySet()) {
        variants.add(
            new JsonObject().put("case", branch.getKey()).put("type", name(branch.getValue())));
      }
      json.put("variants", variants);
    }
    all.add(json);
  }
}
