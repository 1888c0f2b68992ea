// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.daemon;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonNull;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.Option;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Checks the description of a node before anything is opened, by what its drivers say they
 * understand.
 *
 * @see "QEMU qapi/block-core.json, BlockdevOptions"
 */
final class NodeOptions {
  private static final int MAX_LAYERS = 400; // as many as may be opened

  private static final Set<String> CHILDREN =
      Set.of("file", "backing", "data-file", "target", "test", "raw", "log", "children", "bottom");
  private static final Set<String> FLAGS = Set.of("read-only", "auto-read-only", "force-share");
  private static final Map<String, List<String>> WORDS =
      Map.of(
          "discard", List.of("ignore", "unmap"),
          "detect-zeroes", List.of("off", "on", "unmap"));

  private final DriverRegistry drivers;
  private final boolean text;

  /**
   * A check by these drivers.
   *
   * @param text whether all values are text, as from a command line
   */
  NodeOptions(DriverRegistry drivers, boolean text) {
    this.drivers = drivers;
    this.text = text;
  }

  /** Fails as the reference's schema does. */
  void check(JsonObject node) throws BlockException {
    check(node, "", 0);
  }

  /** The same of one that is part of something else, which the prefix names. */
  void check(JsonObject node, String prefix) throws BlockException {
    check(node, prefix, 0);
  }

  private void check(JsonObject node, String prefix, int layer) throws BlockException {
    if (layer > MAX_LAYERS) {
      throw new BlockException(
          Errno.ELOOP, "More than " + MAX_LAYERS + " images refer to one another");
    }
    JsonValue named = node.get("driver");
    if (named == null) {
      throw missing(prefix + "driver");
    }
    if (!(named instanceof JsonString(String name))) {
      throw wrongType(prefix + "driver", "string");
    }
    BlockDriverFactory driver = drivers.find(name);
    if (driver == null) {
      throw wrong("Parameter 'driver' does not accept value '" + name + "'");
    }
    for (Map.Entry<String, JsonValue> member : node.members().entrySet()) {
      member(driver, member.getKey(), member.getValue(), prefix, layer);
    }
    if (needsFile(driver) && !node.has("file")) {
      throw missing(prefix + "file");
    }
    if (needsFilename(name) && !node.has("filename")) {
      throw missing(prefix + "filename");
    }
  }

  private static boolean needsFile(BlockDriverFactory driver) {
    return driver.kind() != DriverKind.PROTOCOL
        && !driver.name().equals("quorum")
        && !driver.name().equals("blkverify");
  }

  private static boolean needsFilename(String driver) {
    return switch (driver) {
      case "file", "host_device", "host_cdrom" -> true;
      default -> false;
    };
  }

  private void member(
      BlockDriverFactory driver, String name, JsonValue value, String prefix, int layer)
      throws BlockException {
    String path = prefix + name;
    if (name.equals("driver")) {
      return;
    }
    if (CHILDREN.contains(name)) {
      child(value, path, layer);
      return;
    }
    if (FLAGS.contains(name)) {
      if (!text && !(value instanceof JsonBool)) {
        throw wrongType(path, "boolean");
      }
      return;
    }
    if (name.equals("node-name") || name.equals("filename")) {
      requireText(value, path);
      if (name.equals("filename") && driver.kind() != DriverKind.PROTOCOL) {
        throw wrong("Parameter '" + path + "' is unexpected");
      }
      return;
    }
    List<String> words = WORDS.get(name);
    if (words != null) {
      if (!words.contains(requireText(value, path))) {
        throw wrong(
            "Parameter '" + name + "' does not accept value '" + requireText(value, path) + "'");
      }
      return;
    }
    if (name.equals("cache")) {
      cache(value, path);
      return;
    }
    own(driver, name, value, path);
  }

  private void cache(JsonValue value, String path) throws BlockException {
    if (!(value instanceof JsonObject object)) {
      throw wrongType(path, "object");
    }
    for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
      String name = path + "." + member.getKey();
      if (!member.getKey().equals("direct") && !member.getKey().equals("no-flush")) {
        throw wrong("Parameter '" + name + "' is unexpected");
      }
      if (!text && !(member.getValue() instanceof JsonBool)) {
        throw wrongType(name, "boolean");
      }
    }
  }

  private void child(JsonValue value, String path, int layer) throws BlockException {
    switch (value) {
      case JsonObject object -> check(object, path + ".", layer + 1);
      case JsonArray array -> {
        for (int i = 0; i < array.size(); i++) {
          child(array.get(i), path + (text ? "." + i : "[" + i + "]"), layer + 1);
        }
      }
      case JsonNull _ -> {
        if (!path.endsWith("backing")) {
          throw wrongType(path, "BlockdevRef");
        }
      }
      case JsonString _ -> {}
      default ->
          throw wrongType(path, path.endsWith("backing") ? "BlockdevRefOrNull" : "BlockdevRef");
    }
  }

  /** An option of the driver; nested ones it checks itself. */
  private void own(BlockDriverFactory driver, String name, JsonValue value, String path)
      throws BlockException {
    Option<?> option = driver.openOptions().find(name);
    if (option == null) {
      for (Option<?> nested : driver.openOptions()) {
        if (nested.name().startsWith(name + ".")) {
          return;
        }
      }
      throw wrong("Parameter '" + path + "' is unexpected");
    }
    if (text) {
      return;
    }
    switch (option.type()) {
      case STRING -> requireText(value, path);
      case BOOL -> {
        if (!(value instanceof JsonBool)) {
          throw wrongType(path, "boolean");
        }
      }
      case NUMBER, SIZE -> {
        if (!(value instanceof JsonNumber number) || number.kind() == JsonNumber.Kind.DOUBLE) {
          throw wrongType(path, "integer");
        }
      }
    }
  }

  private static String requireText(JsonValue value, String path) throws BlockException {
    if (value instanceof JsonString(String string)) {
      return string;
    }
    throw wrongType(path, "string");
  }

  private static BlockException missing(String path) {
    return wrong("Parameter '" + path + "' is missing");
  }

  private static BlockException wrongType(String path, String expected) {
    return wrong("Invalid parameter type for '" + path + "', expected: " + expected);
  }

  private static BlockException wrong(String message) {
    return new BlockException(Errno.EINVAL, message);
  }
}
