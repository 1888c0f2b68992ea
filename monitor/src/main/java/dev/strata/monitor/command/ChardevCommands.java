// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.monitor.chardev.Backend;
import dev.strata.monitor.chardev.CharacterDevices;
import dev.strata.monitor.chardev.RingBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.function.Consumer;

/**
 * Character devices, and what is in those that keep it.
 *
 * @see "QEMU qapi/char.json"
 */
final class ChardevCommands {
  private final CharacterDevices devices;
  private final Backend maker;

  private ChardevCommands(CharacterDevices devices, Consumer<String> notes) {
    this.devices = devices;
    this.maker = new Backend(true, notes);
  }

  static void contribute(Monitor monitor, CharacterDevices devices, Consumer<String> notes) {
    var own = new ChardevCommands(devices, notes);
    monitor.commands().add("query-chardev", arguments -> own.query());
    monitor.commands().add("query-chardev-backends", arguments -> kinds());
    monitor.commands().add("chardev-add", own::add);
    monitor.commands().add("chardev-change", own::change);
    monitor.commands().add("chardev-remove", own::remove);
    monitor.commands().add("chardev-send-break", own::sendBreak);
    monitor.commands().add("ringbuf-write", own::write);
    monitor.commands().add("ringbuf-read", own::read);
  }

  private JsonValue query() {
    var all = new JsonArray();
    for (CharacterDevices.Entry each : devices.all()) {
      var json = new JsonObject().put("label", each.id());
      json.put("filename", each.device().filename());
      all.add(json.put("frontend-open", each.used()));
    }
    return all;
  }

  private static JsonValue kinds() {
    var all = new JsonArray();
    for (String kind : Backend.KINDS) {
      all.add(new JsonObject().put("name", kind));
    }
    return all;
  }

  private JsonValue add(JsonObject arguments) throws BlockException {
    devices.add(required(arguments, "id"), backend(arguments), maker);
    return new JsonObject();
  }

  private JsonValue change(JsonObject arguments) throws BlockException {
    devices.change(required(arguments, "id"), backend(arguments), maker);
    return new JsonObject();
  }

  private static JsonObject backend(JsonObject arguments) {
    if (arguments.get("backend") instanceof JsonObject backend) {
      return backend;
    }
    throw new IllegalArgumentException("the schema lets the backend be left out");
  }

  private JsonValue remove(JsonObject arguments) throws BlockException {
    devices.remove(required(arguments, "id"));
    return new JsonObject();
  }

  /** Only serial lines, of which there are none here, pass a break on. */
  private JsonValue sendBreak(JsonObject arguments) throws BlockException {
    devices.require(required(arguments, "id"));
    return new JsonObject();
  }

  private RingBuffer ring(JsonObject arguments) throws BlockException {
    String id = required(arguments, "device");
    CharacterDevices.Entry entry = devices.find(id);
    if (entry == null) {
      throw new BlockException(Errno.ENODEV, "Device '" + id + "' not found");
    }
    if (entry.device() instanceof RingBuffer ring) {
      return ring;
    }
    throw new BlockException(Errno.EINVAL, id + " is not a ringbuf device");
  }

  private static boolean isBase64(JsonObject arguments) {
    return "base64".equals(arguments.string("format"));
  }

  private JsonValue write(JsonObject arguments) throws BlockException {
    RingBuffer ring = ring(arguments);
    String data = required(arguments, "data");
    if (!isBase64(arguments)) {
      ring.write(data.getBytes(StandardCharsets.UTF_8));
      return new JsonObject();
    }
    try {
      ring.write(Base64.getDecoder().decode(data));
    } catch (IllegalArgumentException e) {
      throw new BlockException(Errno.EINVAL, "Base64 data contains invalid characters").causedBy(e);
    }
    return new JsonObject();
  }

  private JsonValue read(JsonObject arguments) throws BlockException {
    RingBuffer ring = ring(arguments);
    long most = arguments.get("size") instanceof JsonNumber given ? given.bits() : 0;
    if (most <= 0) {
      throw new BlockException(Errno.EINVAL, "size must be greater than zero");
    }
    byte[] data = ring.read(most);
    return new JsonString(
        isBase64(arguments)
            ? Base64.getEncoder().encodeToString(data)
            : new String(data, StandardCharsets.UTF_8));
  }
}
