// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The options that a driver accepts, in the order it declares them. Cannot be changed. */
public final class OptionSchema implements Iterable<Option<?>> {
  private static final int NAME_COLUMNS = 22;

  private final List<Option<?>> options;

  private OptionSchema(List<Option<?>> options) {
    this.options = options;
  }

  /** A schema of these options. */
  public static OptionSchema of(Option<?>... options) {
    return new OptionSchema(List.of(options));
  }

  /** These options, then those of {@code other} whose names are not among them. */
  public OptionSchema and(OptionSchema other) {
    var all = new LinkedHashMap<String, Option<?>>();
    for (Option<?> option : options) {
      all.put(option.name(), option);
    }
    for (Option<?> option : other.options) {
      all.putIfAbsent(option.name(), option);
    }
    return new OptionSchema(List.copyOf(all.values()));
  }

  public List<Option<?>> options() {
    return options;
  }

  public boolean isEmpty() {
    return options.isEmpty();
  }

  @Override
  public Iterator<Option<?>> iterator() {
    return options.iterator();
  }

  /** The option of that name, or null. */
  public @Nullable Option<?> find(String name) {
    for (Option<?> option : options) {
      if (option.name().equals(name)) {
        return option;
      }
    }
    return null;
  }

  /**
   * Converts every value for the sake of its errors, first in the order given; a name that is not
   * in the schema is an {@code Invalid parameter}. This is what creation options go through.
   */
  public void check(BlockOptions given) throws BlockException {
    for (String name : given.names()) {
      Option<?> option = find(name);
      if (option == null) {
        throw new BlockException(EINVAL, "Invalid parameter '" + name + "'");
      }
      given.checked(option);
    }
  }

  /** The lines of an {@code -o help} listing, sorted by name, each ended by a newline. */
  public String help() {
    var sorted = new ArrayList<>(options);
    sorted.sort((a, b) -> a.name().compareTo(b.name()));
    var out = new StringBuilder();
    for (Option<?> option : sorted) {
      line(option, out);
    }
    return out.toString();
  }

  private static void line(Option<?> option, StringBuilder out) {
    int start = out.length() + 2;
    out.append("  ").append(option.name()).append("=<").append(option.type().word()).append('>');
    String help = option.help();
    if (help != null) {
      while (out.length() < start + NAME_COLUMNS) {
        out.append(' ');
      }
      out.append(" - ").append(help);
    }
    out.append('\n');
  }
}
