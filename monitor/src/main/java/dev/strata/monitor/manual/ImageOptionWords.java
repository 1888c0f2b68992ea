// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The options of image formats, as two functions that bash and zsh both understand: {@code
 * _strata_option_names KIND FORMAT} and {@code _strata_option_values KIND FORMAT NAME} leave words
 * in {@code REPLY}. KIND is {@code create} or {@code amend}; an unknown format has the options of
 * all.
 */
final class ImageOptionWords {
  private final DriverRegistry drivers;
  private final StringBuilder names = new StringBuilder();
  private final StringBuilder values = new StringBuilder();

  private ImageOptionWords(DriverRegistry drivers) {
    this.drivers = drivers;
  }

  static String functions(DriverRegistry drivers) {
    return new ImageOptionWords(drivers).write();
  }

  private String write() {
    BlockDriverFactory file = drivers.find("file");
    var amendable = new LinkedHashSet<String>();
    for (BlockDriverFactory driver : drivers.all()) {
      if (driver.kind() != DriverKind.FORMAT) {
        continue;
      }
      if (driver.creates()) {
        OptionSchema schema = driver.createOptions();
        add("create " + driver.name(), file == null ? schema : schema.and(file.createOptions()));
      }
      add("amend " + driver.name(), driver.amendOptions());
      for (Option<?> option : driver.amendOptions()) {
        amendable.add(option.name());
      }
    }
    names("amend *", amendable);
    return "_strata_option_names() {\n  case \"$1 $2\" in\n"
        + names
        + "    *) REPLY= ;;\n  esac\n}\n\n"
        + "_strata_option_values() {\n  case \"$1 $2 $3\" in\n"
        + values
        + "    *) REPLY= ;;\n  esac\n}\n";
  }

  private void add(String kindAndFormat, OptionSchema schema) {
    var all = new LinkedHashSet<String>();
    for (Option<?> option : schema) {
      all.add(option.name());
      List<String> known =
          option.name().endsWith("_fmt") ? Argument.formats(drivers, false) : option.words();
      String words = option.type() == Option.Type.BOOL ? "on off" : String.join(" ", known);
      if (!words.isEmpty()) {
        values.append("    '").append(kindAndFormat).append(' ').append(option.name());
        values.append("') REPLY='").append(words).append("' ;;\n");
      }
    }
    names("'" + kindAndFormat + "'", all);
  }

  private void names(String pattern, Set<String> all) {
    String quoted = pattern.endsWith("*") ? "'" + pattern.replace("*", "'*") : pattern;
    names.append("    ").append(quoted).append(") REPLY='");
    names.append(String.join(" ", all)).append("' ;;\n");
  }
}
