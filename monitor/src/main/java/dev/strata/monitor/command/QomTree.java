// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.block.object.DefinedObject;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.object.ObjectType;
import dev.strata.monitor.chardev.CharacterDevices;
import dev.strata.monitor.qmp.QmpException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What there is, as a tree: {@code /objects} and {@code /chardevs}, with a leaf for each. Made for
 * one question.
 *
 * @see "QEMU qapi/qom.json"
 */
final class QomTree {
  /** A property as clients are told of it. */
  record Property(String name, String type) {}

  /** A place in the tree. */
  sealed interface Place {
    /** The type's name. */
    String type();
  }

  /** One with others below it. */
  record Container(String path, Map<String, Place> below) implements Place {
    @Override
    public String type() {
      return "container";
    }
  }

  /** What a user defined. */
  record Leaf(DefinedObject object) implements Place {
    @Override
    public String type() {
      return object.type().name();
    }
  }

  /** A character device. */
  record Device(CharacterDevices.Entry entry) implements Place {
    @Override
    public String type() {
      return "chardev-" + entry.device().kind();
    }
  }

  private final Container root;

  QomTree(ObjectRegistry objects, CharacterDevices devices) {
    var leaves = new LinkedHashMap<String, Place>();
    objects.all().forEach((id, object) -> leaves.put(id, new Leaf(object)));
    var ways = new LinkedHashMap<String, Place>();
    for (CharacterDevices.Entry each : devices.all()) {
      ways.put(each.id(), new Device(each));
    }
    var containers = new LinkedHashMap<String, Place>();
    containers.put("objects", new Container("/objects", leaves));
    containers.put("chardevs", new Container("/chardevs", ways));
    root = new Container("/", containers);
  }

  /**
   * The place that a path leads to: from the root if it begins with a slash, else from wherever
   * there is exactly one.
   *
   * @param tellsAmbiguity whether a path that leads to several places is told from one that leads
   *     nowhere
   */
  Place find(String path, boolean tellsAmbiguity) throws BlockException, QmpException {
    var found = new ArrayList<Place>();
    if (path.startsWith("/")) {
      walk(root, path, found);
    } else {
      walk(root, path, found);
      for (Place each : root.below().values()) {
        walk(each, path, found);
        if (each instanceof Container container) {
          container.below().values().forEach(leaf -> walk(leaf, path, found));
        }
      }
    }
    if (found.size() > 1 && tellsAmbiguity) {
      throw new BlockException(Errno.EINVAL, "Path '" + path + "' is ambiguous");
    }
    if (found.size() != 1) {
      throw new QmpException("DeviceNotFound", "Device '" + path + "' not found");
    }
    return found.getFirst();
  }

  private static void walk(Place from, String path, List<Place> found) {
    Place place = from;
    int start = 0;
    while (start <= path.length()) {
      int slash = path.indexOf('/', start);
      int end = slash < 0 ? path.length() : slash;
      if (end > start) {
        Place below =
            place instanceof Container container
                ? container.below().get(path.substring(start, end))
                : null;
        if (below == null) {
          return;
        }
        place = below;
      }
      start = end + 1;
    }
    found.add(place);
  }

  /** What can be asked of a place. */
  static List<Property> properties(Place place) {
    return switch (place) {
      case Container container -> {
        var all = new ArrayList<Property>();
        all.add(new Property("type", "string"));
        container
            .below()
            .forEach((name, each) -> all.add(new Property(name, "child<" + each.type() + ">")));
        yield all;
      }
      case Leaf leaf -> properties(leaf.object().type());
      case Device device -> ofDevice(device.type());
    };
  }

  /** What can be asked of an object of a type that users define. */
  static List<Property> properties(ObjectType type) {
    var all = new ArrayList<Property>();
    for (ObjectType.Property each : DefinedObject.properties(type)) {
      all.add(new Property(each.name(), each.type()));
    }
    return all;
  }

  /** What can be asked of a character device of that type. */
  static List<Property> ofDevice(String type) {
    var kind = new Property("type", "string");
    return type.equals("chardev-socket")
        ? List.of(kind, new Property("connected", "bool"), new Property("addr", "SocketAddress"))
        : List.of(kind);
  }

  /** The value of a property. */
  static JsonValue get(Place place, String name) throws BlockException {
    if (place instanceof Leaf(DefinedObject object)) {
      return object.get(name);
    }
    if (name.equals("type")) {
      return new JsonString(place.type());
    }
    if (place instanceof Container(String path, Map<String, Place> below)
        && below.containsKey(name)) {
      return new JsonString(path.endsWith("/") ? path + name : path + "/" + name);
    }
    if (place instanceof Device(CharacterDevices.Entry entry)
        && place.type().equals("chardev-socket")) {
      if (name.equals("connected")) {
        return JsonBool.of(!entry.device().filename().startsWith("disconnected:"));
      }
      if (name.equals("addr")) {
        throw JobArguments.unsupported("the property 'addr' of a socket");
      }
    }
    throw new BlockException(
        Errno.ENOENT, "Property '" + place.type() + "." + name + "' not found");
  }

  /** Changes a property. */
  static void set(Place place, String name, JsonValue value) throws BlockException {
    if (place instanceof Leaf(DefinedObject object)) {
      object.set(name, value);
      return;
    }
    for (Property each : properties(place)) {
      if (each.name().equals(name)) {
        throw new BlockException(
            Errno.EPERM, "Property '" + place.type() + "." + name + "' is not writable");
      }
    }
    throw new BlockException(
        Errno.ENOENT, "Property '" + place.type() + "." + name + "' not found");
  }
}
