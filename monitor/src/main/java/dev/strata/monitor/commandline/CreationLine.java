// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import org.jspecify.annotations.Nullable;

/** The line that tells which image is created, and how. */
public final class CreationLine {
  private CreationLine() {}

  /**
   * The line with its end.
   *
   * @param format of the image
   * @param schema of all options that there are, with what they are if they are not given
   */
  public static String of(String filename, String format, OptionSchema schema, BlockOptions options)
      throws BlockException {
    var line = new StringBuilder("Formatting '").append(filename).append("', fmt=").append(format);
    for (Option<?> option : schema) {
      String value = text(option, options.copy());
      if (value != null) {
        line.append(' ').append(option.name()).append('=').append(value);
      }
    }
    return line.append('\n').toString();
  }

  private static <T> @Nullable String text(Option<T> option, BlockOptions given)
      throws BlockException {
    T value = given.take(option);
    if (value instanceof Boolean on) {
      return on ? "on" : "off";
    }
    return value == null ? null : value.toString().replace(",", ",,");
  }
}
