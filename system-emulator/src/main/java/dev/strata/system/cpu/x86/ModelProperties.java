// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What follows a model's name in {@code -cpu}: {@code +feature}, {@code -feature}, {@code feature},
 * {@code feature=on}. Signs come last, and of one feature the minus.
 */
final class ModelProperties {
  private final X86Model model;
  private Features features;
  private boolean check = true;
  private boolean enforce;
  private final List<String> unknown = new ArrayList<>();

  ModelProperties(X86Model model) {
    this.model = model;
    features = model.features();
  }

  /**
   * The model as the properties change it.
   *
   * @param warnings takes a line for each feature that is asked for but not had
   */
  X86Model apply(List<String> properties, Consumer<String> warnings) throws BlockException {
    for (String property : properties) {
      if (!property.isEmpty() && "+-".indexOf(property.charAt(0)) < 0) {
        assign(property);
      }
    }
    signed(properties, '+');
    signed(properties, '-');
    if (check || enforce) {
      for (String feature : unknown) {
        warnings.accept("TCG doesn't support requested feature: " + feature);
      }
    }
    if (enforce && !unknown.isEmpty()) {
      throw error("TCG doesn't support requested features");
    }
    return model.with(features);
  }

  private static BlockException error(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  private void signed(List<String> properties, char sign) throws BlockException {
    for (String property : properties) {
      if (!property.isEmpty() && property.charAt(0) == sign) {
        String name = property.substring(1).replace('_', '-');
        if (!isSet(name, sign == '+')) {
          throw error(notFound(name));
        }
      }
    }
  }

  private void assign(String property) throws BlockException {
    int sign = property.indexOf('=');
    String name = (sign < 0 ? property : property.substring(0, sign)).replace('_', '-');
    String value = sign < 0 ? "on" : property.substring(sign + 1);
    boolean on = value.equals("on") || value.equals("yes") || value.equals("true");
    boolean off = value.equals("off") || value.equals("no") || value.equals("false");
    Features before = features;
    if (!isSet(name, on)) {
      throw error(cannotApply(name, value) + notFound(name));
    }
    if (!on && !off) {
      features = before;
      throw error(cannotApply(name, value) + "Parameter '" + name + "' expects 'on' or 'off'");
    }
  }

  private String cannotApply(String name, String value) {
    return "can't apply global " + type() + "." + name + "=" + value + ": ";
  }

  private String notFound(String name) {
    return "Property '" + type() + "." + name + "' not found";
  }

  private String type() {
    return model.name() + "-x86_64-cpu";
  }

  /** Sets a property; false if there is none of that name. */
  private boolean isSet(String given, boolean on) {
    String name =
        switch (given) {
          case "sse3" -> "pni";
          case "sse4-1" -> "sse4.1";
          case "sse4-2" -> "sse4.2";
          case "pclmuldq" -> "pclmulqdq";
          case "xd" -> "nx";
          case "i64" -> "lm";
          case "ffxsr" -> "fxsr-opt";
          default -> given;
        };
    if (name.equals("check")) {
      check = on;
      return true;
    }
    if (name.equals("enforce")) {
      enforce = on;
      return true;
    }
    for (FeatureWord word : FeatureWord.values()) {
      int bit = name.equals("-") ? -1 : word.bit(name);
      if (bit >= 0) {
        if (Features.known(word, bit)) {
          features = features.with(word, bit, on);
        } else if (on) {
          unknown.add(word.describe(bit));
        }
        return true;
      }
    }
    return false;
  }
}
