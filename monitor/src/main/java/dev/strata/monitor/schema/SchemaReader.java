// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.schema;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a schema, one definition a line: {@code enum NAME WORD…}, {@code struct NAME MEMBER…},
 * {@code union NAME TAG MEMBER…} followed by a line {@code - WORD MEMBER…} for each branch, {@code
 * alternate NAME TYPE…}, {@code command NAME MEMBER…} or {@code command NAME = TYPE}, either of
 * them with {@code -> TYPE} if it has something to answer, {@code event NAME MEMBER…}. {@code more
 * NAME} adds words to an enumeration that is there, or the branches that follow to a union.
 *
 * <p>A member is {@code name:type}, {@code name?:type} if it may be left out. A type is {@code
 * str}, {@code bool}, a kind of number, {@code any}, {@code null}, a name defined anywhere, or
 * {@code [type]}. Words and members have features behind exclamation marks: {@code
 * top?:str!deprecated}; so have structures and commands, as a word of its own. A hash begins a
 * comment.
 */
final class SchemaReader {
  /** What has no members. */
  static final QapiType.Structure EMPTY =
      new QapiType.Structure("", List.of(), null, Map.of(), List.of());

  /** A definition whose parts wait until all names are known. */
  private interface Completion {
    void run();
  }

  private final Map<String, QapiType> types = new LinkedHashMap<>();
  private final List<QapiSchema.Command> commands = new ArrayList<>();
  private final List<QapiSchema.Event> events = new ArrayList<>();
  private final List<Completion> completions = new ArrayList<>();
  private Map<String, QapiType.Structure> branches = Map.of(); // of the union read last

  private SchemaReader() {
    types.put("str", new QapiType.Text());
    types.put("bool", new QapiType.Bool());
    types.put("any", new QapiType.Any());
    types.put("null", new QapiType.Nothing());
    types.put("number", new QapiType.Fraction());
    types.put("int", new QapiType.Whole("int64_t", Long.MIN_VALUE, Long.MAX_VALUE, false));
    types.put("int64", new QapiType.Whole("int64_t", Long.MIN_VALUE, Long.MAX_VALUE, false));
    types.put("int32", new QapiType.Whole("int32_t", Integer.MIN_VALUE, Integer.MAX_VALUE, false));
    types.put("uint8", new QapiType.Whole("uint8_t", 0, 0xff, false));
    types.put("uint16", new QapiType.Whole("uint16_t", 0, 0xffff, false));
    types.put("uint32", new QapiType.Whole("uint32_t", 0, 0xffff_ffffL, false));
    types.put("uint64", new QapiType.Whole("uint64_t", Long.MIN_VALUE, Long.MAX_VALUE, true));
    types.put("size", new QapiType.Whole("uint64_t", Long.MIN_VALUE, Long.MAX_VALUE, true));
  }

  static QapiSchema read(List<String> lines) {
    var reader = new SchemaReader();
    for (String line : lines) {
      String text = line.strip();
      if (!text.isEmpty() && !text.startsWith("#")) {
        reader.define(List.of(text.split(" +")));
      }
    }
    for (Completion each : reader.completions) {
      each.run();
    }
    return new QapiSchema(reader.types, reader.commands, reader.events);
  }

  private void define(List<String> words) {
    String name = words.get(1);
    List<String> rest = words.subList(2, words.size());
    switch (words.getFirst()) {
      case "enum" -> {
        var values = new ArrayList<QapiType.Word>();
        for (String word : rest) {
          values.add(new QapiType.Word(plain(word), features(word)));
        }
        types.put(name, new QapiType.Enumeration(name, values));
      }
      case "struct" -> types.put(name, structure(name, rest));
      case "union" -> {
        branches = new LinkedHashMap<>();
        var members = new ArrayList<QapiType.Member>();
        types.put(
            name, new QapiType.Structure(name, members, rest.getFirst(), branches, List.of()));
        completions.add(() -> fill(members, rest.subList(1, rest.size())));
      }
      case "more" -> {
        switch (types.get(name)) {
          case QapiType.Enumeration(String _, List<QapiType.Word> values) ->
              rest.forEach(word -> values.add(new QapiType.Word(plain(word), features(word))));
          case QapiType.Structure union -> branches = union.branches();
          case null, default -> throw broken(name);
        }
      }
      case "-" -> branches.put(name, structure(name, rest));
      case "alternate" -> {
        var choices = new ArrayList<QapiType>();
        types.put(name, new QapiType.Alternate(name, choices));
        completions.add(() -> {
          for (String choice : rest) {
            choices.add(type(choice));
          }
        });
      }
      case "command" -> command(name, rest);
      case "event" -> {
        QapiType.Structure data = structure(name, rest);
        events.add(new QapiSchema.Event(name, data));
      }
      default -> throw broken(words.getFirst());
    }
  }

  private void command(String name, List<String> words) {
    var own = new ArrayList<String>(); // the features
    var members = new ArrayList<String>();
    String result = "";
    String named = "";
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      switch (word) {
        case "=" -> named = words.get(++i);
        case "->" -> result = words.get(++i);
        default -> {
          if (word.startsWith("!")) {
            own.addAll(features(word));
          } else {
            members.add(word);
          }
        }
      }
    }
    String arguments = named;
    String answer = result;
    QapiType.Structure unnamed = structure(name, members);
    completions.add(() ->
        commands.add(
            new QapiSchema.Command(
                name,
                arguments.isEmpty() ? unnamed : named(arguments),
                answer.isEmpty() ? EMPTY : type(answer),
                List.copyOf(own))));
  }

  private QapiType.Structure structure(String name, List<String> words) {
    if (words.isEmpty()) {
      return EMPTY;
    }
    var members = new ArrayList<QapiType.Member>();
    var own = new ArrayList<String>();
    var rest = new ArrayList<String>();
    for (String word : words) {
      if (word.startsWith("!")) {
        own.addAll(features(word));
      } else {
        rest.add(word);
      }
    }
    completions.add(() -> fill(members, rest));
    return new QapiType.Structure(name, members, null, Map.of(), own);
  }

  private void fill(List<QapiType.Member> members, List<String> words) {
    for (String word : words) {
      int colon = word.indexOf(':');
      String member = word.substring(0, colon);
      boolean optional = member.endsWith("?");
      members.add(
          new QapiType.Member(
              optional ? member.substring(0, member.length() - 1) : member,
              type(plain(word).substring(colon + 1)),
              optional,
              features(word)));
    }
  }

  private static String plain(String word) {
    int mark = word.indexOf('!');
    return mark < 0 ? word : word.substring(0, mark);
  }

  private static List<String> features(String word) {
    int mark = word.indexOf('!');
    return mark < 0 ? List.of() : List.of(word.substring(mark + 1).split("!"));
  }

  private QapiType.Structure named(String name) {
    if (types.get(name) instanceof QapiType.Structure structure) {
      return structure;
    }
    throw broken(name);
  }

  private QapiType type(String word) {
    if (word.startsWith("[")) {
      return new QapiType.ListOf(type(word.substring(1, word.length() - 1)));
    }
    QapiType type = types.get(word);
    if (type == null) {
      throw broken(word);
    }
    return type;
  }

  private static IllegalStateException broken(String word) {
    return new IllegalStateException("the schema is broken at " + word);
  }
}
