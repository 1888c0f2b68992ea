// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Two descriptions of what a daemon understands. Names of types mean nothing: they are compared by
 * what they stand for. What is left out here, of all that the other has, is listed.
 */
final class SchemaComparison {
  /** Drivers and objects that the other has and we do not. */
  private static final Set<String> LEFT_OUT =
      Set.of(
          "blkreplay",
          "ftp",
          "ftps",
          "gluster",
          "io_uring",
          "nfs",
          "nvme",
          "rbd",
          "replication",
          "ssh",
          "authz-pam",
          "can-bus",
          "can-host-socketcan",
          "colo-compare",
          "cryptodev-backend",
          "cryptodev-backend-builtin",
          "cryptodev-backend-lkcf",
          "cryptodev-vhost-user",
          "dbus-vmstate",
          "filter-buffer",
          "filter-dump",
          "filter-mirror",
          "filter-redirector",
          "filter-replay",
          "filter-rewriter",
          "input-barrier",
          "input-linux",
          "main-loop",
          "memory-backend-epc",
          "memory-backend-file",
          "memory-backend-memfd",
          "memory-backend-ram",
          "pef-guest",
          "pr-manager-helper",
          "qtest",
          "rng-builtin",
          "rng-egd",
          "rng-random",
          "s390-pv-guest",
          "secret_keyring",
          "sev-guest",
          "thread-context",
          "tls-cipher-suites",
          "x-remote-object",
          "x-vfio-user-server");

  /** What we have beyond the other. */
  private static final Set<String> BEYOND = Set.of("archive");

  private final Map<String, JsonObject> ours;
  private final Map<String, JsonObject> theirs;
  private final Set<String> compared = new HashSet<>();
  private final List<String> differences = new ArrayList<>();
  private final boolean ordered;

  /**
   * Compares them.
   *
   * @param ordered whether the parts of each type have to come in the same order, too
   */
  SchemaComparison(JsonArray ours, JsonArray theirs, boolean ordered) {
    this.ordered = ordered;
    this.ours = byName(ours);
    this.theirs = byName(theirs);
    for (Map.Entry<String, JsonObject> each : this.ours.entrySet()) {
      String kind = text(each.getValue(), "meta-type");
      if (kind.equals("command") || kind.equals("event")) {
        compare(each.getKey(), each.getKey(), each.getKey());
      }
    }
  }

  /** What differs, each with the way that leads there. */
  List<String> differences() {
    return differences;
  }

  /** How many pairs of types have been looked at. */
  int compared() {
    return compared.size();
  }

  private static Map<String, JsonObject> byName(JsonArray schema) {
    var byName = new LinkedHashMap<String, JsonObject>();
    for (JsonValue each : schema) {
      var entry = (JsonObject) each;
      byName.put(text(entry, "name"), entry);
    }
    return byName;
  }

  private static String text(JsonObject object, String name) {
    return String.valueOf(object.string(name));
  }

  private void compare(String our, String their, String path) {
    if (!compared.add(our + " " + their)) {
      return;
    }
    JsonObject a = ours.get(our);
    JsonObject b = theirs.get(their);
    if (a == null || b == null) {
      differences.add(path + ": " + a + " is not " + b);
      return;
    }
    for (String key : List.of("meta-type", "features", "json-type", "tag")) {
      same(a.get(key), b.get(key), path + " " + key);
    }
    for (String key : List.of("arg-type", "ret-type", "element-type")) {
      if (a.has(key) || b.has(key)) {
        compare(text(a, key), text(b, key), path + " " + key);
      }
    }
    parts(a, b, "members", text(a, "meta-type").equals("alternate") ? "" : "name", path);
    parts(a, b, "variants", "case", path);
  }

  private void same(@Nullable Object a, @Nullable Object b, String path) {
    if (!Objects.equals(a, b)) {
      differences.add(path + ": " + a + " is not " + b);
    }
  }

  /** Members, words, branches: those of the same name, or at the same place. */
  private void parts(JsonObject a, JsonObject b, String key, String name, String path) {
    Map<String, JsonObject> our = parts(a, key, name);
    Map<String, JsonObject> their = parts(b, key, name);
    var names = new TreeSet<>(our.keySet());
    names.addAll(their.keySet());
    for (String each : names) {
      JsonObject x = our.get(each);
      JsonObject y = their.get(each);
      String place = path + "/" + each;
      if (x == null || y == null) {
        if (!(x == null ? LEFT_OUT : BEYOND).contains(each)) {
          differences.add(place + ": " + x + " is not " + y);
        }
        continue;
      }
      same(x.get("features"), y.get("features"), place + " features");
      same(x.get("default"), y.get("default"), place + " default");
      if (x.get("type") instanceof JsonString(String type)) {
        compare(type, text(y, "type"), place);
      }
    }
    var common = new ArrayList<>(our.keySet());
    common.retainAll(their.keySet());
    var order = new ArrayList<>(their.keySet());
    order.retainAll(our.keySet());
    if (ordered && !key.equals("variants")) {
      same(common, order, path + " order");
    }
  }

  private static Map<String, JsonObject> parts(JsonObject entry, String key, String name) {
    var parts = new LinkedHashMap<String, JsonObject>();
    if (entry.get(key) instanceof JsonArray array) {
      for (JsonValue each : array) {
        var part = (JsonObject) each;
        parts.put(name.isEmpty() ? "#" + parts.size() : text(part, name), part);
      }
    }
    return parts;
  }
}
