// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.object.ObjectType;
import dev.strata.monitor.chardev.Backend;
import dev.strata.monitor.chardev.CharacterDevices;
import dev.strata.monitor.qmp.QmpException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * {@code qom-list} and its kin.
 *
 * @see "QEMU qapi/qom.json"
 */
final class QomCommands {
  /**
   * A type.
   *
   * @param parent "" for the one that all others are of
   * @param isAbstract whether there are none of it but of those below it
   */
  private record Type(String name, String parent, boolean isAbstract) {}

  private static final Map<String, String> PARENTS =
      Map.of(
          "secret", "secret_common",
          "tls-creds-anon", "tls-creds",
          "tls-creds-psk", "tls-creds",
          "tls-creds-x509", "tls-creds",
          "authz-simple", "authz",
          "authz-list", "authz",
          "authz-list-file", "authz",
          "iothread", "event-loop-base");

  private static final Map<String, String> CHARDEV_PARENTS =
      Map.of("stdio", "chardev-fd", "file", "chardev-fd", "memory", "chardev-ringbuf");

  /** The property of a device that has one. */
  private static final String DRIVE = "drive";

  private final Monitor monitor;
  private final ObjectRegistry objects;
  private final CharacterDevices devices;

  private QomCommands(Monitor monitor, CharacterDevices devices) {
    this.monitor = monitor;
    this.objects = monitor.graph().objects();
    this.devices = devices;
  }

  static void contribute(Monitor monitor, CharacterDevices devices) {
    var own = new QomCommands(monitor, devices);
    monitor.commands().add("qom-list", own::list);
    monitor.commands().add("qom-get", own::get);
    monitor.commands().add("qom-set", own::set);
    monitor.commands().add("qom-list-types", own::types);
    monitor.commands().add("qom-list-properties", own::properties);
  }

  private QomTree.Place find(JsonObject arguments, boolean tellsAmbiguity)
      throws BlockException, QmpException {
    return new QomTree(objects, devices).find(required(arguments, "path"), tellsAmbiguity);
  }

  private JsonValue list(JsonObject arguments) throws BlockException, QmpException {
    return json(QomTree.properties(find(arguments, true)));
  }

  private static JsonArray json(List<QomTree.Property> properties) {
    var all = new JsonArray();
    for (QomTree.Property each : properties) {
      all.add(new JsonObject().put("name", each.name()).put("type", each.type()));
    }
    return all;
  }

  private JsonValue get(JsonObject arguments) throws BlockException, QmpException {
    GuestDrive drive = drive(arguments);
    if (drive != null) {
      BlockBackend medium = drive.medium();
      String name = drive.name();
      return new JsonString(name.isEmpty() && medium != null ? medium.node().name() : name);
    }
    return QomTree.get(find(arguments, false), required(arguments, "property"));
  }

  private JsonValue set(JsonObject arguments) throws BlockException, QmpException {
    JsonValue value = Objects.requireNonNull(arguments.get("value"));
    GuestDrive drive = drive(arguments);
    if (drive != null) {
      setDrive(drive, value);
      return new JsonObject();
    }
    QomTree.set(find(arguments, false), required(arguments, "property"), value);
    return new JsonObject();
  }

  /** The drive that the property is about, or null if it is another property. */
  private @Nullable GuestDrive drive(JsonObject arguments) throws QmpException {
    return DRIVE.equals(required(arguments, "property"))
        ? monitor.drives().at(required(arguments, "path"))
        : null;
  }

  /** The device goes on with another node, as when a filter is put over its disk. */
  private void setDrive(GuestDrive drive, JsonValue value) throws BlockException {
    if (!(value instanceof JsonString(String name))) {
      throw new BlockException(
          Errno.EINVAL, "Invalid parameter type for '" + DRIVE + "', expected: string");
    }
    BlockNode node = monitor.graph().find(name);
    if (node == null) {
      throw new BlockException(Errno.EINVAL, "Cannot find device='' nor node-name='" + name + "'");
    }
    BlockBackend medium = drive.medium();
    if (medium == null) {
      throw BlockException.of(Errno.ENOMEDIUM);
    }
    medium.moveTo(node);
  }

  private Map<String, Type> all() {
    var all = new LinkedHashMap<String, Type>();
    put(all, "object", "", false);
    put(all, "container", "object", false);
    for (String each : List.of("secret_common", "tls-creds", "authz", "event-loop-base")) {
      put(all, each, "object", true);
    }
    for (ObjectType each : objects.types()) {
      put(all, each.name(), PARENTS.getOrDefault(each.name(), "object"), false);
    }
    put(all, "chardev", "object", true);
    put(all, "chardev-fd", "chardev", true);
    for (String kind : Backend.KINDS) {
      put(all, "chardev-" + kind, CHARDEV_PARENTS.getOrDefault(kind, "chardev"), false);
    }
    return all;
  }

  private static void put(Map<String, Type> all, String name, String parent, boolean isAbstract) {
    all.put(name, new Type(name, parent, isAbstract));
  }

  private JsonValue types(JsonObject arguments) {
    Map<String, Type> all = all();
    String wanted = arguments.string("implements");
    boolean includesAbstract = flag(arguments, "abstract", false);
    var found = new JsonArray();
    for (Type each : all.values()) {
      if ((each.isAbstract() && !includesAbstract) || (wanted != null && !isA(all, each, wanted))) {
        continue;
      }
      var json = new JsonObject().put("name", each.name());
      if (each.isAbstract()) {
        json.put("abstract", true);
      }
      if (!each.parent().isEmpty()) {
        json.put("parent", each.parent());
      }
      found.add(json);
    }
    return found;
  }

  private boolean isA(Map<String, Type> all, Type type, String wanted) {
    if (wanted.equals("user-creatable")) {
      return userCreatable(type.name()) != null;
    }
    for (Type each = type; each != null; each = all.get(each.parent())) {
      if (each.name().equals(wanted)) {
        return true;
      }
    }
    return false;
  }

  private @Nullable ObjectType userCreatable(String name) {
    for (ObjectType each : objects.types()) {
      if (each.name().equals(name)) {
        return each;
      }
    }
    return null;
  }

  private JsonValue properties(JsonObject arguments) throws BlockException, QmpException {
    String name = required(arguments, "typename");
    if (name.equals("user-creatable")) {
      throw new BlockException(Errno.EINVAL, "Parameter 'typename' expects a QOM type");
    }
    Type type = all().get(name);
    if (type == null) {
      throw new QmpException("DeviceNotFound", "Class '" + name + "' not found");
    }
    ObjectType known = userCreatable(name);
    if (known != null) {
      return json(QomTree.properties(known));
    }
    return json(
        switch (name) {
          case "secret_common" -> of("iv", "keyid", "loaded", "format");
          case "tls-creds" -> of("endpoint", "dir", "verify-peer", "priority");
          case "event-loop-base" -> of("thread-pool-min", "aio-max-batch", "thread-pool-max");
          default -> QomTree.ofDevice(name);
        });
  }

  /** Those of a type that only others are of: what all of those have. */
  private List<QomTree.Property> of(String... names) {
    var wanted = new ArrayList<>(List.of("type"));
    wanted.addAll(List.of(names));
    var found = new LinkedHashMap<String, QomTree.Property>();
    for (ObjectType each : objects.types()) {
      for (QomTree.Property property : QomTree.properties(each)) {
        if (wanted.contains(property.name())) {
          found.put(property.name(), property);
        }
      }
    }
    return List.copyOf(found.values());
  }
}
