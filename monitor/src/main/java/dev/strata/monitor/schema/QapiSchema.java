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
 * The commands and the types of their arguments.
 *
 * <p>The text has one definition a line: {@code enum NAME WORD…}, {@code struct NAME MEMBER…},
 * {@code union NAME TAG MEMBER…} followed by a line {@code - WORD MEMBER…} for each branch, {@code
 * alternate NAME TYPE…}, {@code command NAME MEMBER…} or {@code command NAME = TYPE}. A member is
 * {@code name:type}, {@code name?:type} if it may be left out. A type is {@code str}, {@code bool},
 * a kind of number, {@code any}, {@code null}, a name defined before, or {@code [type]}. A hash
 * begins a comment.
 */
public final class QapiSchema {
  private final Map<String, QapiType> types = new LinkedHashMap<>();
  private final Map<String, QapiType.Structure> commands = new LinkedHashMap<>();

  private QapiSchema() {
    types.put("str", new QapiType.Text());
    types.put("bool", new QapiType.Bool());
    types.put("any", new QapiType.Any());
    types.put("null", new QapiType.Nothing());
    types.put("int", new QapiType.Whole("int64_t", Long.MIN_VALUE, Long.MAX_VALUE, false));
    types.put("size", new QapiType.Whole("uint64_t", Long.MIN_VALUE, Long.MAX_VALUE, true));
    types.put("uint32", new QapiType.Whole("uint32_t", 0, 0xffff_ffffL, false));
  }

  /** The schema of the storage daemon. */
  public static QapiSchema load() {
    try (InputStream in = QapiSchema.class.getResourceAsStream("storage-daemon.schema")) {
      if (in == null) {
        throw new IllegalStateException("the schema is missing in this build");
      }
      var schema = new QapiSchema();
      var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      schema.read(reader);
      return schema;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The arguments of that command, or null if there is no such command. */
  public QapiType.@Nullable Structure command(String name) {
    return commands.get(name);
  }

  /** The type of that name, which the schema has. */
  public QapiType.Structure structure(String name) {
    if (types.get(name) instanceof QapiType.Structure structure) {
      return structure;
    }
    throw new IllegalArgumentException(name);
  }

  /** The commands' names, in the order of the text. */
  public List<String> commandNames() {
    return List.copyOf(commands.keySet());
  }

  private void read(BufferedReader lines) throws IOException {
    Map<String, QapiType.Structure> branches = Map.of();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String text = line.strip();
      if (text.isEmpty() || text.startsWith("#")) {
        continue;
      }
      List<String> words = List.of(text.split(" +"));
      String name = words.get(1);
      List<String> rest = words.subList(2, words.size());
      switch (words.getFirst()) {
        case "enum" -> types.put(name, new QapiType.Enumeration(name, rest));
        case "struct" -> types.put(name, structure(name, rest, null, Map.of()));
        case "union" -> {
          branches = new LinkedHashMap<>();
          List<String> members = rest.subList(1, rest.size());
          types.put(name, structure(name, members, rest.getFirst(), branches));
        }
        case "-" -> branches.put(name, structure(name, rest, null, Map.of()));
        case "alternate" -> {
          var choices = new ArrayList<QapiType>();
          for (String choice : rest) {
            choices.add(type(choice));
          }
          types.put(name, new QapiType.Alternate(name, choices));
        }
        case "command" ->
            commands.put(
                name,
                !rest.isEmpty() && rest.getFirst().equals("=")
                    ? structure(rest.get(1))
                    : structure(name, rest, null, Map.of()));
        default -> throw new IllegalStateException("the schema is broken: " + line);
      }
    }
  }

  private QapiType.Structure structure(
      String name,
      List<String> words,
      @Nullable String tag,
      Map<String, QapiType.Structure> branches) {
    var members = new ArrayList<QapiType.Member>();
    for (String word : words) {
      int colon = word.indexOf(':');
      String member = word.substring(0, colon);
      boolean optional = member.endsWith("?");
      String plain = optional ? member.substring(0, member.length() - 1) : member;
      members.add(new QapiType.Member(plain, type(word.substring(colon + 1)), optional));
    }
    return new QapiType.Structure(name, members, tag, branches);
  }

  private QapiType type(String word) {
    if (word.startsWith("[")) {
      return new QapiType.ListOf(type(word.substring(1, word.length() - 1)));
    }
    QapiType type = types.get(word);
    if (type == null) {
      throw new IllegalStateException("the schema does not define " + word);
    }
    return type;
  }
}
