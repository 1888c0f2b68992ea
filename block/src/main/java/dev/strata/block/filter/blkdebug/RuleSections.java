// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blkdebug;

import dev.strata.block.BlockException;
import dev.strata.block.DebugEvent;
import dev.strata.block.Errno;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads rules: sections of a configuration file, and the options {@code inject-error.0.event}. */
final class RuleSections {
  private static final String INJECT_ERROR = "inject-error";
  private static final String SET_STATE = "set-state";

  private static final Option<String> EVENT = Option.string("event", null);
  private static final Option<Long> STATE = Option.number("state", null).orElse(0L);
  private static final Option<String> IO_TYPE = Option.string("iotype", null);
  private static final Option<Long> ERRNO = Option.number("errno", null).orElse(5L); // EIO
  private static final Option<Long> SECTOR = Option.number("sector", null).orElse(-1L);
  private static final Option<Boolean> ONCE = Option.bool("once", null).orElse(false);

  /**
   * In the reference this fails a request on another of its internal ways, which looks the same
   * from outside.
   */
  private static final Option<Boolean> IMMEDIATELY = Option.bool("immediately", null).orElse(false);

  private static final Option<Long> NEW_STATE = Option.number("new_state", null).orElse(0L);

  private static final OptionSchema INJECT_ERROR_OPTIONS =
      OptionSchema.of(EVENT, STATE, IO_TYPE, ERRNO, SECTOR, ONCE, IMMEDIATELY);
  private static final OptionSchema SET_STATE_OPTIONS = OptionSchema.of(EVENT, STATE, NEW_STATE);

  private static final int MAX_RULES = 1 << 16;
  private static final int MAX_FILE_SIZE = 1 << 20;
  private static final int MAX_WORD = 63;
  private static final int MAX_VALUE = 1023;

  private final List<Rule> rules = new ArrayList<>();

  /** All that was read, in the order it came. */
  List<Rule> rules() {
    return rules;
  }

  /** Takes the rules out of a node's options. */
  void take(BlockOptions options) throws BlockException {
    take(INJECT_ERROR, options.section(INJECT_ERROR));
    take(SET_STATE, options.section(SET_STATE));
  }

  private void take(String group, BlockOptions all) throws BlockException {
    if (!all.hasSection("0")) {
      if (!all.isEmpty()) {
        addSection(group, all); // one rule need not be numbered
      }
      return;
    }
    for (int i = 0; i < MAX_RULES && all.hasSection(Integer.toString(i)); i++) {
      addSection(group, all.section(Integer.toString(i)));
    }
    if (!all.isEmpty()) {
      throw unsupported(group, all.names().iterator().next());
    }
  }

  private static BlockException unsupported(String group, String name) {
    return new BlockException(
        Errno.EINVAL, "[" + group + "] section doesn't support the option '" + name + "'");
  }

  private void addSection(String group, BlockOptions section) throws BlockException {
    OptionSchema schema = schema(group);
    for (String name : section.names()) {
      if (schema.find(name) == null) {
        throw unsupported(group, name);
      }
    }
    schema.check(section);
    add(group, section);
  }

  private static OptionSchema schema(String group) {
    return group.equals(INJECT_ERROR) ? INJECT_ERROR_OPTIONS : SET_STATE_OPTIONS;
  }

  private void add(String group, BlockOptions section) throws BlockException {
    String word = section.take(EVENT);
    if (word == null) {
      throw new BlockException(Errno.EINVAL, "Missing event name for rule");
    }
    DebugEvent event = DebugEvent.of(word);
    if (event == null) {
      throw new BlockException(Errno.EINVAL, "invalid parameter value: " + word);
    }
    long state = section.take(STATE, 0L);
    if (group.equals(SET_STATE)) {
      rules.add(new Rule.SetState(event, state, section.take(NEW_STATE, 0L)));
      return;
    }
    IoType type = null;
    String typeWord = section.take(IO_TYPE);
    if (typeWord != null) {
      type = IoType.of(typeWord);
      if (type == null) {
        throw new BlockException(Errno.EINVAL, "invalid parameter value: " + typeWord);
      }
    }
    section.take(IMMEDIATELY);
    rules.add(
        new Rule.InjectError(
            event,
            state,
            type,
            section.take(ERRNO, 5L),
            section.take(SECTOR, -1L),
            section.take(ONCE, false)));
  }

  /** Reads the rules of a configuration file. */
  void read(String filename) throws BlockException {
    String group = null;
    var section = new BlockOptions();
    for (String line : lines(filename)) {
      String text = line.strip();
      if (text.isEmpty() || line.startsWith("#")) {
        continue;
      }
      if (line.startsWith("[")) {
        finish(group, section);
        section = new BlockOptions();
        group = groupName(line);
        continue;
      }
      if (group == null) {
        throw new BlockException(Errno.EINVAL, "no group defined");
      }
      putValue(group, text, section);
    }
    finish(group, section);
  }

  private void finish(@Nullable String group, BlockOptions section) throws BlockException {
    if (group != null) {
      schema(group).check(section);
      add(group, section);
    }
  }

  /** The name in {@code [name]} or {@code [name "id"]}; the id means nothing here. */
  private static String groupName(String line) throws BlockException {
    int end = line.indexOf(']');
    String name = line.substring(1, end < 0 ? line.length() : end);
    int space = name.indexOf(' ');
    if (space >= 0 && name.endsWith("\"")) {
      name = name.substring(0, space);
    }
    if (!name.equals(INJECT_ERROR) && !name.equals(SET_STATE)) {
      throw new BlockException(Errno.EINVAL, "There is no option group '" + name + "'");
    }
    return name;
  }

  /** Takes {@code name = "value"}; what does not look like that is a name with an empty value. */
  private static void putValue(String group, String text, BlockOptions section)
      throws BlockException {
    int end = 0;
    while (end < text.length() && end < MAX_WORD && !Character.isWhitespace(text.charAt(end))) {
      end++;
    }
    String name = text.substring(0, end);
    String rest = text.substring(end).strip();
    String value = "";
    if (rest.startsWith("=")) {
      rest = rest.substring(1).strip();
      if (rest.startsWith("\"")) {
        int quote = rest.indexOf('"', 1);
        value = rest.substring(1, quote < 0 ? rest.length() : quote);
      }
    }
    if (schema(group).find(name) == null) {
      throw new BlockException(Errno.EINVAL, "Invalid parameter '" + name + "'");
    }
    section.put(name, value.substring(0, Math.min(value.length(), MAX_VALUE)));
  }

  private static List<String> lines(String filename) throws BlockException {
    String doing = "Could not read blkdebug config file";
    try {
      if (filename.isEmpty()) {
        throw BlockException.of(Errno.ENOENT, doing); // a path would be the current folder
      }
      Path path = Path.of(filename);
      if (Files.size(path) > MAX_FILE_SIZE) {
        throw BlockException.of(Errno.EFBIG, doing);
      }
      return Files.readAllLines(path, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException | InvalidPathException e) {
      throw BlockException.of(Errno.ENOENT, doing).causedBy(e);
    } catch (BlockException e) {
      throw e;
    } catch (IOException e) {
      throw BlockException.of(Errno.EIO, doing).causedBy(e);
    }
  }
}
