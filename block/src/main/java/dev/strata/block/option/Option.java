// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.ERANGE;

import dev.strata.block.BlockException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One option that a driver accepts. Its values are text until a driver takes them.
 *
 * @param <T> {@code String}, {@code Boolean} or {@code Long}, after the {@link #type}
 */
public final class Option<T> {

  /** What an option's value is. */
  public enum Type {
    STRING("str"),
    BOOL("bool (on/off)"),
    NUMBER("num"),
    SIZE("size");

    private final String word;

    Type(String word) {
      this.word = word;
    }

    /** As a help listing shows it. */
    public String word() {
      return word;
    }
  }

  private interface Conversion<T> {
    T convert(String name, String text) throws BlockException;
  }

  private static final String SIZE_HINT =
      "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n"
          + "and exabytes, respectively.";

  private final String name;
  private final Type type;
  private final @Nullable String help;
  private final @Nullable T fallback;
  private final List<String> words;
  private final Conversion<T> conversion;

  private Option(
      String name,
      Type type,
      @Nullable String help,
      @Nullable T fallback,
      List<String> words,
      Conversion<T> conversion) {
    this.name = name;
    this.type = type;
    this.help = help;
    this.fallback = fallback;
    this.words = words;
    this.conversion = conversion;
  }

  /** Any text. */
  public static Option<String> string(String name, @Nullable String help) {
    return new Option<>(name, Type.STRING, help, null, List.of(), (option, text) -> text);
  }

  /** On or off. */
  public static Option<Boolean> bool(String name, @Nullable String help) {
    return new Option<>(name, Type.BOOL, help, null, List.of(), Option::parseBool);
  }

  /** A number of 64 bits; negative ones wrap around, as the reference's do. */
  public static Option<Long> number(String name, @Nullable String help) {
    return new Option<>(name, Type.NUMBER, help, null, List.of(), Option::parseNumber);
  }

  /** A {@link Size} in bytes, unsigned. */
  public static Option<Long> size(String name, @Nullable String help) {
    return new Option<>(name, Type.SIZE, help, null, List.of(), Option::parseSize);
  }

  /** One of {@code words}; another is an {@code invalid parameter value}. */
  public static Option<String> word(String name, @Nullable String help, String... words) {
    List<String> known = List.of(words);
    return new Option<>(
        name, Type.STRING, help, null, known, (option, text) -> parseWord(known, text));
  }

  /**
   * One of {@code words}; another is refused in the words of a QAPI schema, which has its own name
   * for the option.
   */
  public static Option<String> schemaWord(
      String name, String schemaName, @Nullable String help, String... words) {
    List<String> known = List.of(words);
    return new Option<>(
        name,
        Type.STRING,
        help,
        null,
        known,
        (option, text) -> parseSchemaWord(known, schemaName, text));
  }

  /** The same option with a default. */
  public Option<T> orElse(T value) {
    return new Option<>(name, type, help, value, words, conversion);
  }

  /** The same option with words that completion offers; others fail where the value is taken. */
  public Option<T> suggesting(String... words) {
    return new Option<>(name, type, help, fallback, List.of(words), conversion);
  }

  public String name() {
    return name;
  }

  public Type type() {
    return type;
  }

  /** What a help listing says of it. */
  public @Nullable String help() {
    return help;
  }

  /** What is taken when the option is not given. */
  public @Nullable T fallback() {
    return fallback;
  }

  /** The words it is made of; empty when it is not of words. */
  public List<String> words() {
    return words;
  }

  /** The value that {@code text} means; EINVAL or ERANGE in the reference's words. */
  public T parse(String text) throws BlockException {
    return conversion.convert(name, text);
  }

  static Boolean parseBool(String name, String text) throws BlockException {
    return switch (text) {
      case "on", "yes", "true", "y" -> true;
      case "off", "no", "false", "n" -> false;
      default -> throw new BlockException(EINVAL, "Parameter '" + name + "' expects 'on' or 'off'");
    };
  }

  static Long parseNumber(String name, String text) throws BlockException {
    try {
      return UnsignedNumber.parse(text);
    } catch (BlockException e) {
      throw new BlockException(
              e.errno(),
              e.errno() == ERANGE
                  ? "Value '" + text + "' is too large for parameter '" + name + "'"
                  : "Parameter '" + name + "' expects a number")
          .causedBy(e);
    }
  }

  static Long parseSize(String name, String text) throws BlockException {
    try {
      return Size.parse(text);
    } catch (BlockException e) {
      if (e.errno() == ERANGE) {
        throw new BlockException(
                ERANGE, "Value '" + text + "' is out of range for parameter '" + name + "'")
            .causedBy(e);
      }
      throw new BlockException(
              EINVAL, "Parameter '" + name + "' expects a non-negative number below 2^64")
          .causedBy(e)
          .withHint(SIZE_HINT);
    }
  }

  private static String parseWord(List<String> known, String text) throws BlockException {
    if (known.contains(text)) {
      return text;
    }
    throw new BlockException(EINVAL, "invalid parameter value: " + text);
  }

  private static String parseSchemaWord(List<String> known, String schemaName, String text)
      throws BlockException {
    if (known.contains(text)) {
      return text;
    }
    throw new BlockException(
        EINVAL, "Parameter '" + schemaName + "' does not accept value '" + text + "'");
  }
}
