// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.schema;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonNull;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.Option;

/**
 * Checks what came in against the schema, in the reference's order and words. From a command line
 * all scalars are text, and come out as what they mean.
 */
public final class QapiInput {
  private static final int MOST_LEVELS = 400; // as many images as may stand on one another

  private final boolean text;
  private int depth;

  private QapiInput(boolean text) {
    this.text = text;
  }

  /** The arguments as the schema has them; from JSON, whose values have types. */
  public static JsonObject ofJson(QapiType.Structure type, JsonObject given) throws BlockException {
    return new QapiInput(false).object(type, given, "");
  }

  /** The same from a command line, whose values are text. */
  public static JsonObject ofText(QapiType.Structure type, JsonObject given) throws BlockException {
    return new QapiInput(true).object(type, given, "");
  }

  private JsonObject object(QapiType.Structure type, JsonObject given, String prefix)
      throws BlockException {
    if (++depth > MOST_LEVELS) {
      throw new BlockException(Errno.ELOOP, "JSON nesting depth limit exceeded");
    }
    var checked = new JsonObject();
    members(type, given, prefix, checked);
    depth--;
    for (String name : given.keys()) {
      if (!checked.has(name)) {
        throw wrong("Parameter '" + prefix + name + "' is unexpected");
      }
    }
    return checked;
  }

  private void members(QapiType.Structure type, JsonObject given, String prefix, JsonObject checked)
      throws BlockException {
    for (QapiType.Member member : type.members()) {
      JsonValue value = given.get(member.name());
      if (value != null) {
        checked.put(member.name(), value(member.type(), value, prefix + member.name()));
      } else if (!member.optional()) {
        throw wrong("Parameter '" + prefix + member.name() + "' is missing");
      }
    }
    String tag = type.tag();
    if (tag != null) {
      QapiType.Structure branch = type.branches().get(String.valueOf(checked.string(tag)));
      if (branch != null) {
        members(branch, given, prefix, checked);
      }
    }
  }

  private JsonValue value(QapiType type, JsonValue value, String path) throws BlockException {
    return switch (type) {
      case QapiType.Text _ -> string(value, path);
      case QapiType.Any _ -> value;
      case QapiType.Fraction _ -> {
        if (!(value instanceof JsonNumber)) {
          throw wrongType(path, "number");
        }
        yield value;
      }
      case QapiType.Nothing _ -> {
        if (value != JsonNull.NULL) {
          throw wrongType(path, "null");
        }
        yield value;
      }
      case QapiType.Bool _ -> bool(value, path);
      case QapiType.Whole whole -> whole(whole, value, path);
      case QapiType.Enumeration enumeration -> {
        JsonString word = string(value, path);
        if (!enumeration.has(word.value())) {
          // Here the reference leaves out what the parameter is part of.
          String name = shown(last(path));
          throw wrong("Parameter '" + name + "' does not accept value '" + word.value() + "'");
        }
        yield word;
      }
      case QapiType.ListOf list -> {
        if (!(value instanceof JsonArray array)) {
          throw wrongType(path, "array");
        }
        var items = new JsonArray();
        for (int i = 0; i < array.size(); i++) {
          items.add(value(list.item(), array.get(i), path + (text ? "." + i : "[" + i + "]")));
        }
        yield items;
      }
      case QapiType.Alternate alternate -> {
        for (QapiType choice : alternate.choices()) {
          if (suits(choice, value)) {
            yield value(choice, value, path);
          }
        }
        throw wrongType(path, alternate.name());
      }
      case QapiType.Structure structure -> {
        if (!(value instanceof JsonObject object)) {
          throw wrong("Invalid parameter type for '" + path + "', expected: object");
        }
        yield object(structure, object, path + ".");
      }
    };
  }

  private static boolean suits(QapiType type, JsonValue value) {
    return switch (type) {
      case QapiType.Text _, QapiType.Enumeration _ -> value instanceof JsonString;
      case QapiType.Bool _ -> value instanceof JsonBool;
      case QapiType.Whole _, QapiType.Fraction _ -> value instanceof JsonNumber;
      case QapiType.ListOf _ -> value instanceof JsonArray;
      case QapiType.Structure _ -> value instanceof JsonObject;
      case QapiType.Nothing _ -> value == JsonNull.NULL;
      case QapiType.Any _, QapiType.Alternate _ -> true;
    };
  }

  private static JsonString string(JsonValue value, String path) throws BlockException {
    if (value instanceof JsonString string) {
      return string;
    }
    throw wrongType(path, "string");
  }

  private JsonValue bool(JsonValue value, String path) throws BlockException {
    if (!text) {
      if (value instanceof JsonBool) {
        return value;
      }
      throw wrongType(path, "boolean");
    }
    return switch (string(value, path).value()) {
      case "on", "yes", "true", "y" -> JsonBool.TRUE;
      case "off", "no", "false", "n" -> JsonBool.FALSE;
      default -> throw wrong("Parameter '" + path + "' expects 'on' or 'off'");
    };
  }

  private JsonValue whole(QapiType.Whole type, JsonValue value, String path) throws BlockException {
    JsonNumber number;
    if (text) {
      String digits = string(value, path).value();
      if (type.unsigned64()) {
        return JsonNumber.ofUnsigned(Option.size(path, null).parse(digits));
      }
      try {
        number = JsonNumber.of(Long.decode(digits));
      } catch (NumberFormatException e) {
        throw wrong("Parameter '" + path + "' expects integer");
      }
    } else if (value instanceof JsonNumber given && given.kind() != JsonNumber.Kind.DOUBLE) {
      number = given;
    } else {
      throw wrongType(path, "integer");
    }
    if (type.unsigned64()) {
      return number;
    }
    if (!number.isSigned() && number.isUnsigned()) {
      throw wrongType(path, "integer");
    }
    if (number.bits() < type.lowest() || number.bits() > type.highest()) {
      // Here the reference leaves out what the parameter is part of.
      throw wrong("Parameter '" + last(path) + "' expects " + type.cName());
    }
    return number;
  }

  private static BlockException wrongType(String path, String expected) {
    return wrong("Invalid parameter type for '" + shown(path) + "', expected: " + expected);
  }

  private static String last(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  /** Items of a list have no name of their own in the reference's messages. */
  private static String shown(String path) {
    return path.endsWith("]") ? "null" : path;
  }

  private static BlockException wrong(String message) {
    return new BlockException(Errno.EINVAL, message);
  }
}
