// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import java.util.List;

/** What people say about objects that QMP says differently. */
final class ObjectWords {
  static final String ADD = "object_add";
  static final String ADD_USAGE = ADD + " [qom-type=]type,id=str[,prop=value][,...]";
  static final String ADD_HELP = "create QOM object";
  static final String LIST = "qom-list";
  static final String LIST_USAGE = LIST + " path";
  static final String LIST_HELP = "list QOM properties";

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
}
