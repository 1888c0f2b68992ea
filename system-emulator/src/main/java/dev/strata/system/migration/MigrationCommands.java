// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import static dev.strata.monitor.command.Monitor.flag;
import static dev.strata.monitor.command.Monitor.required;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.monitor.command.Monitor;
import java.util.EnumMap;
import java.util.Objects;

/**
 * Moves of a machine, as programs want them.
 *
 * @see "QEMU qapi/migration.json"
 */
public final class MigrationCommands {
  private final Migration migration;

  private MigrationCommands(Migration migration) {
    this.migration = migration;
  }

  /** Adds the commands. */
  public static void contribute(Monitor monitor, Migration migration) {
    var own = new MigrationCommands(migration);
    var commands = monitor.commands();
    commands.add("migrate", own::migrate);
    commands.add(
        "migrate-incoming", arguments -> done(() -> migration.expect(required(arguments, "uri"))));
    commands.add("query-migrate", arguments -> own.describe());
    commands.add("migrate_cancel", arguments -> done(migration::cancel));
    commands.add(
        "migrate-continue", arguments -> done(() -> migration.goOn(required(arguments, "state"))));
    commands.add("migrate-start-postcopy", arguments -> done(migration::hurry));
    commands.add("migrate-set-capabilities", own::want);
    commands.add("query-migrate-capabilities", arguments -> own.capabilities());
    commands.add(
        "migrate-set-parameters",
        arguments -> done(() -> migration.parameters().change(arguments)));
    commands.add("query-migrate-parameters", arguments -> migration.parameters().all());
  }

  private interface Action {
    void run() throws BlockException;
  }

  private static JsonObject done(Action action) throws BlockException {
    action.run();
    return new JsonObject();
  }

  private JsonObject migrate(JsonObject arguments) throws BlockException {
    for (String name : new String[] {"blk", "inc", "resume"}) {
      if (flag(arguments, name, false)) {
        throw new BlockException(Errno.EOPNOTSUPP, "'" + name + "' is not supported");
      }
    }
    migration.start(required(arguments, "uri"));
    return new JsonObject();
  }

  private JsonObject want(JsonObject arguments) throws BlockException {
    var changes = new EnumMap<Capability, Boolean>(Capability.class);
    if (arguments.get("capabilities") instanceof JsonArray all) {
      for (JsonValue each : all) {
        if (each instanceof JsonObject given
            && given.get("state") instanceof JsonBool(boolean wanted)) {
          String word = required(given, "capability");
          changes.put(Objects.requireNonNull(Capability.named(word)), wanted);
        }
      }
    }
    migration.want(changes);
    return new JsonObject();
  }

  private JsonArray capabilities() {
    var all = new JsonArray();
    for (Capability each : Capability.values()) {
      all.add(new JsonObject().put("state", migration.has(each)).put("capability", each.word()));
    }
    return all;
  }

  private JsonObject describe() {
    var told = new JsonObject();
    Status status = migration.status();
    String path = migration.listensAt();
    if (status == Status.NONE || (status == Status.SETUP && path != null)) {
      if (path != null) {
        told.put(
            "socket-address",
            new JsonArray().add(new JsonObject().put("path", path).put("type", "unix")));
      }
      return told;
    }
    Counters counters = migration.counters();
    if (counters != null && status == Status.COMPLETED) {
      told.put("status", status.word()).put("setup-time", counters.setUpMillis());
      told.put("downtime", counters.downMillis()).put("total-time", counters.totalMillis());
      return told.put("ram", memory(counters));
    }
    if (counters != null && status.isUnderWay() && status != Status.SETUP) {
      told.put("expected-downtime", migration.parameters().downtimeMillis());
      told.put("status", status.word()).put("setup-time", counters.setUpMillis());
      told.put("total-time", counters.totalMillis());
      return told.put("ram", memory(counters));
    }
    told.put("status", status.word());
    String failure = migration.failure();
    return failure == null ? told : told.put("error-desc", failure);
  }

  private JsonObject memory(Counters counters) {
    long millis = Math.max(1, counters.totalMillis());
    return new JsonObject()
        .put("total", migration.totalBytes())
        .put("postcopy-requests", 0)
        .put("dirty-sync-count", counters.passes())
        .put("multifd-bytes", 0)
        .put("pages-per-second", 0)
        .put("downtime-bytes", 0)
        .put("page-size", PagesOutput.PAGE)
        .put("remaining", migration.remainingBytes())
        .put("postcopy-bytes", 0)
        .put("mbps", JsonNumber.of(counters.bytes() * 8 / 1000.0 / millis))
        .put("transferred", counters.bytes())
        .put("dirty-sync-missed-zero-copy", 0)
        .put("precopy-bytes", counters.bytes())
        .put("duplicate", counters.zeroPages())
        .put("dirty-pages-rate", 0)
        .put("skipped", 0)
        .put("normal-bytes", counters.normalPages() * PagesOutput.PAGE)
        .put("normal", counters.normalPages());
  }
}
