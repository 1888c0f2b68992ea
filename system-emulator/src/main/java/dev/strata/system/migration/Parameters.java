// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import static java.util.Objects.requireNonNull;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What can be set of migrations. What of the reference's parameters means nothing here has its
 * value, and keeps it. Thread-safe.
 *
 * @see "QEMU qapi/migration.json, MigrationParameters"
 */
final class Parameters {
  private static final String BANDWIDTH = "max-bandwidth";
  private static final String DOWNTIME = "downtime-limit";
  private static final String MAPPING = "block-bitmap-mapping";
  private static final long LONGEST_DOWNTIME = 2_000_000; // milliseconds

  /** As people see them: in which order, and what follows the value. */
  private static final List<String> LISTED =
      List.of(
          "announce-initial| ms",
          "announce-max| ms",
          "announce-rounds|",
          "announce-step| ms",
          "compress-level|",
          "compress-threads|",
          "compress-wait-thread|",
          "decompress-threads|",
          "throttle-trigger-threshold|",
          "cpu-throttle-initial|",
          "cpu-throttle-increment|",
          "cpu-throttle-tailslow|",
          "max-cpu-throttle|",
          "tls-creds|",
          "tls-hostname|",
          "max-bandwidth| bytes/second",
          "downtime-limit| ms",
          "x-checkpoint-delay| ms",
          "block-incremental|",
          "multifd-channels|",
          "multifd-compression|",
          "xbzrle-cache-size| bytes",
          "max-postcopy-bandwidth|",
          "tls-authz|");

  private final JsonObject all = new JsonObject();

  Parameters() {
    all.put("cpu-throttle-tailslow", false).put("xbzrle-cache-size", 64 << 20);
    all.put("cpu-throttle-initial", 20).put("announce-max", 550).put("decompress-threads", 2);
    all.put("compress-threads", 8).put("compress-level", 1).put("multifd-channels", 2);
    all.put("multifd-zstd-level", 1).put("announce-initial", 50).put("block-incremental", false);
    all.put("compress-wait-thread", true).put(DOWNTIME, 300).put("tls-authz", "");
    all.put("multifd-compression", "none").put("announce-rounds", 5).put("announce-step", 100);
    all.put("tls-creds", "").put("multifd-zlib-level", 1).put("max-cpu-throttle", 99);
    all.put("max-postcopy-bandwidth", 0).put("tls-hostname", "");
    all.put("throttle-trigger-threshold", 50).put(BANDWIDTH, 128 << 20);
    all.put("x-checkpoint-delay", 20000).put("cpu-throttle-increment", 10);
  }

  /** Bytes a second at most; 0 for any number. */
  synchronized long bandwidth() {
    return number(BANDWIDTH);
  }

  /** Milliseconds for which the machine may stand still. */
  synchronized long downtimeMillis() {
    return number(DOWNTIME);
  }

  /** Which bitmaps go, and what they are called on the way; null for all by their own names. */
  synchronized @Nullable JsonArray mapping() {
    return all.get(MAPPING) instanceof JsonArray mapping ? mapping : null;
  }

  private long number(String name) {
    return all.get(name) instanceof JsonNumber number ? number.bits() : 0;
  }

  /** All, as QMP has them. */
  synchronized JsonObject all() {
    var copy = new JsonObject();
    all.keys().forEach(name -> copy.put(name, requireNonNull(all.get(name))));
    return copy;
  }

  /** Changes those that are given, or none if one cannot be. */
  synchronized void change(JsonObject given) throws BlockException {
    for (String name : given.keys()) {
      check(name, requireNonNull(given.get(name)));
    }
    for (String name : given.keys()) {
      all.put(name, requireNonNull(given.get(name)));
    }
  }

  private void check(String name, JsonValue value) throws BlockException {
    switch (name) {
      case BANDWIDTH -> {
        if (!(value instanceof JsonNumber number) || number.bits() < 0) {
          throw wrong(name, "an integer in the range of 0 to 9223372036854775807 bytes/second");
        }
      }
      case DOWNTIME -> {
        if (!(value instanceof JsonNumber number)
            || number.bits() < 0
            || number.bits() > LONGEST_DOWNTIME) {
          throw wrong(
              name, "an integer in the range of 0 to " + LONGEST_DOWNTIME / 1000 + " seconds");
        }
      }
      case MAPPING -> BitmapAliases.of(value);
      default -> {
        if (!value.equals(all.get(name))) {
          throw new BlockException(
              Errno.EOPNOTSUPP, "the parameter '" + name + "' cannot be changed");
        }
      }
    }
  }

  private static BlockException wrong(String name, String expected) {
    return new BlockException(Errno.EINVAL, "Parameter '" + name + "' expects " + expected);
  }

  /** Changes one as people say it. */
  synchronized void change(String name, String text) throws BlockException {
    JsonValue now = all.get(name);
    if (now == null) {
      throw new BlockException(Errno.EINVAL, "invalid parameter value: " + name);
    }
    JsonValue value =
        switch (now) {
          case JsonBool _ -> JsonBool.of(text.equals("on"));
          case JsonNumber _ -> JsonNumber.of(number(name, text));
          default -> new JsonString(text);
        };
    check(name, value);
    all.put(name, value);
  }

  private static long number(String name, String text) throws BlockException {
    try {
      return name.equals(BANDWIDTH) ? Size.parse(text, 20) : Long.parseLong(text);
    } catch (BlockException | NumberFormatException e) {
      String kind = name.equals(BANDWIDTH) ? "Invalid size " + text : null;
      throw new BlockException(
              Errno.EINVAL, kind == null ? "Parameter '" + name + "' expects a number" : kind)
          .causedBy(e);
    }
  }

  /** All, in lines. */
  synchronized String describe() {
    var text = new StringBuilder();
    for (String each : LISTED) {
      int end = each.indexOf('|');
      String name = each.substring(0, end);
      text.append(name).append(": ").append(shown(name)).append(each, end + 1, each.length());
      text.append('\n');
    }
    return text.toString();
  }

  private String shown(String name) {
    return switch (all.get(name)) {
      case JsonBool(boolean on) -> on ? "on" : "off";
      case JsonNumber number -> Long.toString(number.bits());
      case JsonString(String word) -> name.startsWith("tls") ? "'" + word + "'" : word;
      case null, default -> "";
    };
  }
}
