// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.daemon;

import static dev.strata.monitor.daemon.Daemon.required;
import static dev.strata.monitor.daemon.JobArguments.invalid;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code blockdev-create}. The options are those of {@code qemu-img create}, written as QMP writes
 * them.
 *
 * @see "QEMU qapi/block-core.json, BlockdevCreateOptions"
 */
final class CreateCommand {
  /** What the reference creates by other means only. */
  private static final Set<String> NOT_HERE = Set.of("raw", "host_device", "host_cdrom");

  private final Daemon daemon;

  private CreateCommand(Daemon daemon) {
    this.daemon = daemon;
  }

  static void contribute(Daemon daemon) {
    daemon.commands().add("blockdev-create", new CreateCommand(daemon)::create);
  }

  private JsonValue create(JsonObject arguments) throws BlockException {
    if (!(arguments.get("options") instanceof JsonObject options)) {
      throw invalid("Invalid parameter type for 'options', expected: object");
    }
    String name = text(options, "driver");
    BlockDriverFactory driver = daemon.graph().drivers().find(name);
    if (driver == null) {
      throw invalid("Parameter 'driver' does not accept value '" + name + "'");
    }
    if (!driver.creates() || NOT_HERE.contains(name)) {
      throw new BlockException(Errno.EOPNOTSUPP, "Driver does not support blockdev-create");
    }
    boolean format = driver.kind() != DriverKind.PROTOCOL;
    String file = null;
    String filename = "";
    if (format) {
      if (options.get("file") instanceof JsonObject) {
        throw JobArguments.unsupported("blockdev-create in a file that is not a node yet");
      }
      file = text(options, "file");
    } else {
      filename = text(options, "filename");
    }
    if (!(options.get("size") instanceof JsonNumber)) {
      throw invalid(
          options.has("size")
              ? "Invalid parameter type for 'options.size', expected: integer"
              : "Parameter 'options.size' is missing");
    }
    BlockOptions own = own(driver.createOptions(), options, format);
    String id = required(arguments, "job-id");
    daemon.jobs().checkNew(id);
    daemon.jobs().start(new ImageCreation(id, daemon.graph(), driver, file, filename, own));
    return new JsonObject();
  }

  private static String text(JsonObject options, String name) throws BlockException {
    return switch (options.get(name)) {
      case null -> throw invalid("Parameter 'options." + name + "' is missing");
      case JsonString(String value) -> value;
      default ->
          throw invalid("Invalid parameter type for 'options." + name + "', expected: string");
    };
  }

  private static BlockOptions own(OptionSchema schema, JsonObject options, boolean format)
      throws BlockException {
    var own = new BlockOptions();
    for (Map.Entry<String, JsonValue> each : options.members().entrySet()) {
      String name = each.getKey();
      switch (name) {
        case "driver" -> {}
        case "filename", "file" -> {
          if (format != name.equals("file")) {
            throw unexpected(name);
          }
        }
        case "data-file" -> throw JobArguments.unsupported("blockdev-create with a data-file");
        case "encrypt" -> throw JobArguments.unsupported("blockdev-create with encryption");
        case "version" -> own.put("compat", compatibility(options.string(name)));
        default -> {
          String known = known(schema, name);
          if (known == null) {
            throw unexpected(name);
          }
          own.put(known, each.getValue());
        }
      }
    }
    return own;
  }

  private static @Nullable String known(OptionSchema schema, String name) {
    String underscored = name.replace('-', '_');
    if (schema.find(underscored) != null) {
      return underscored;
    }
    return schema.find(name) == null ? null : name;
  }

  private static String compatibility(@Nullable String version) throws BlockException {
    return switch (version) {
      case "v2" -> "0.10";
      case "v3" -> "1.1";
      case null, default ->
          throw invalid("Parameter 'version' does not accept value '" + version + "'");
    };
  }

  private static BlockException unexpected(String name) {
    return invalid("Parameter 'options." + name + "' is unexpected");
  }
}
