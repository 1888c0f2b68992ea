// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.block.json.JsonWriter;
import java.util.List;

/** What people say about objects: what QMP's commands do, in other words. */
final class ObjectWords {
  static final String ADD = "object_add";
  static final String ADD_USAGE = ADD + " [qom-type=]type,id=str[,prop=value][,...]";
  static final String ADD_HELP = "create QOM object";
  static final String DELETE = "object_del";
  static final String DELETE_USAGE = DELETE + " id";
  static final String DELETE_HELP = "destroy QOM object";
  static final String LIST = "qom-list";
  static final String LIST_USAGE = LIST + " path";
  static final String LIST_HELP = "list QOM properties";
  static final String GET = "qom-get";
  static final String GET_USAGE = GET + " path property";
  static final String GET_HELP = "print QOM property";

  private final MonitorSubject subject;

  ObjectWords(MonitorSubject subject) {
    this.subject = subject;
  }

  String add(List<String> given) {
    return ArgumentWords.run(
        ADD,
        given,
        words -> {
          String definition = words.take("string");
          words.end();
          return subject.addObject(definition);
        });
  }

  String delete(List<String> given) {
    return ArgumentWords.run(
        DELETE,
        given,
        words -> {
          var arguments = new JsonObject().put("id", words.take("string"));
          words.end();
          subject.qmp().run("object-del", arguments);
          return "";
        });
  }

  String list(List<String> given) {
    return ArgumentWords.run(
        LIST,
        given,
        words -> {
          String path = words.takeMore();
          words.end();
          if (path == null) {
            return "/\n";
          }
          var text = new StringBuilder();
          JsonValue all = subject.qmp().run("qom-list", new JsonObject().put("path", path));
          if (all instanceof JsonArray properties) {
            for (JsonValue each : properties) {
              if (each instanceof JsonObject property) {
                text.append(property.string("name"));
                text.append(" (").append(property.string("type")).append(")\n");
              }
            }
          }
          return text.toString();
        });
  }

  String get(List<String> given) {
    return ArgumentWords.run(
        GET,
        given,
        words -> {
          var arguments = new JsonObject().put("path", words.take("string"));
          arguments.put("property", words.take("string"));
          words.end();
          return JsonWriter.pretty(subject.qmp().run("qom-get", arguments)) + "\n";
        });
  }
}
