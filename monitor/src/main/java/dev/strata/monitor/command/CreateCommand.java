// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.json.JsonObject;
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

  private final Monitor monitor;

  private CreateCommand(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    monitor.commands().add("blockdev-create", new CreateCommand(monitor)::create);
  }

  private JsonValue create(JsonObject arguments) throws BlockException {
    if (!(arguments.get("options") instanceof JsonObject options)) {
      throw new IllegalArgumentException("the schema lets the options be left out");
    }
    BlockDriverFactory driver = monitor.graph().drivers().require(required(options, "driver"));
    if (!driver.creates() || NOT_HERE.contains(driver.name())) {
      throw new BlockException(Errno.EOPNOTSUPP, "Driver does not support blockdev-create");
    }
    ImageCreation.Place place;
    if (driver.kind() == DriverKind.PROTOCOL) {
      place = new ImageCreation.NewFile(required(options, "filename"));
    } else if (options.get("file") instanceof JsonObject file) {
      place = new ImageCreation.Described(BlockOptions.of(file));
    } else {
      place = new ImageCreation.Node(required(options, "file"));
    }
    BlockOptions own = own(driver.createOptions(), options);
    String id = required(arguments, "job-id");
    monitor.jobs().checkNew(id);
    monitor.jobs().start(new ImageCreation(id, monitor.graph(), driver, place, own));
    return new JsonObject();
  }

  private static BlockOptions own(OptionSchema schema, JsonObject options) throws BlockException {
    var own = new BlockOptions();
    for (Map.Entry<String, JsonValue> each : options.members().entrySet()) {
      String name = each.getKey();
      switch (name) {
        case "driver", "filename", "file" -> {}
        case "data-file" -> throw JobArguments.unsupported("blockdev-create with a data-file");
        case "encrypt" -> own.putAll("encrypt", encryption(schema, each.getValue()));
        case "version" -> own.put("compat", compatibility(options.string(name)));
        default -> {
          String known = known(schema, name);
          if (known == null) {
            throw JobArguments.unsupported("blockdev-create with the option " + name);
          }
          own.put(known, each.getValue());
        }
      }
    }
    return own;
  }

  private static BlockOptions encryption(OptionSchema schema, JsonValue given)
      throws BlockException {
    var own = new BlockOptions();
    if (given instanceof JsonObject members) {
      for (Map.Entry<String, JsonValue> each : members.members().entrySet()) {
        String name = each.getKey();
        if (schema.find("encrypt." + name) == null) {
          throw JobArguments.unsupported("blockdev-create with the option encrypt." + name);
        }
        own.put(name, each.getValue());
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

  private static String compatibility(@Nullable String version) {
    return "v2".equals(version) ? "0.10" : "1.1";
  }
}
