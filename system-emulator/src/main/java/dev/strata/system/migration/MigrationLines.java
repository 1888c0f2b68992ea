// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

import dev.strata.block.BlockException;
import dev.strata.system.hmp.Migrations;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Moves of a machine, as people want and see them. */
public final class MigrationLines implements Migrations {
  private static final String GLOBALS =
      """
      globals:
      store-global-state: on
      only-migratable: off
      send-configuration: on
      send-section-footer: on
      decompress-error-check: on
      clear-bitmap-shift: 18
      """;

  private final Migration migration;

  /** Those moves. */
  public MigrationLines(Migration migration) {
    this.migration = migration;
  }

  @Override
  public void start(String uri, boolean detached) throws BlockException {
    migration.start(uri);
    if (!detached) {
      migration.await(); // what went wrong was told where errors are
    }
  }

  @Override
  public void expect(String uri) throws BlockException {
    migration.expect(uri);
  }

  @Override
  public void cancel() {
    migration.cancel();
  }

  @Override
  public void goOn(String status) throws BlockException {
    migration.goOn(status);
  }

  @Override
  public void startPostcopy() throws BlockException {
    migration.hurry();
  }

  @Override
  public void want(String capability, boolean on) throws BlockException {
    Capability named = Capability.named(capability);
    if (named == null) {
      throw Migration.error("invalid parameter value: " + capability);
    }
    migration.want(Map.of(named, on));
  }

  @Override
  public void parameter(String name, String value) throws BlockException {
    migration.parameters().change(name, value);
  }

  @Override
  public String capabilities() {
    var text = new StringBuilder();
    for (Capability each : Capability.values()) {
      text.append(each.word()).append(": ").append(migration.has(each) ? "on\n" : "off\n");
    }
    return text.toString();
  }

  @Override
  public String parameters() {
    return migration.parameters().describe();
  }

  @Override
  public String describe() {
    var text = new StringBuilder(GLOBALS);
    Status status = migration.status();
    String path = migration.listensAt();
    if (status == Status.SETUP && path != null) {
      return text.append("socket address: [\n\tunix:").append(path).append("\n]\n").toString();
    }
    if (status == Status.NONE) {
      return text.toString();
    }
    String failure = migration.failure();
    text.append("Migration status: ").append(status.word());
    text.append(failure == null || status != Status.FAILED ? "" : " (" + failure + ")")
        .append('\n');
    Counters counters = migration.counters();
    boolean moving = status.isUnderWay() && status != Status.SETUP;
    if (counters != null && (moving || status == Status.COMPLETED)) {
      append(text, counters, status);
    }
    return text.toString();
  }

  private void append(StringBuilder text, Counters counters, @Nullable Status status) {
    text.append("total time: ").append(counters.totalMillis()).append(" ms\n");
    if (status == Status.COMPLETED) {
      text.append("downtime: ").append(counters.downMillis()).append(" ms\n");
    } else {
      long expected = migration.parameters().downtimeMillis();
      text.append("expected downtime: ").append(expected).append(" ms\n");
    }
    text.append("setup: ").append(counters.setUpMillis()).append(" ms\n");
    text.append("transferred ram: ").append(counters.bytes() >> 10).append(" kbytes\n");
    double rate = counters.bytes() * 8 / 1000.0 / Math.max(1, counters.totalMillis());
    text.append("throughput: ").append("%.2f".formatted(rate)).append(" mbps\n");
    text.append("remaining ram: ").append(migration.remainingBytes() >> 10).append(" kbytes\n");
    text.append("total ram: ").append(migration.totalBytes() >> 10).append(" kbytes\n");
    text.append("duplicate: ").append(counters.zeroPages()).append(" pages\n");
    text.append("skipped: 0 pages\n");
    text.append("normal: ").append(counters.normalPages()).append(" pages\n");
    long normal = counters.normalPages() * PagesOutput.PAGE;
    text.append("normal bytes: ").append(normal >> 10).append(" kbytes\n");
    text.append("dirty sync count: ").append(counters.passes()).append('\n');
    text.append("page size: 4 kbytes\n");
    text.append("multifd bytes: 0 kbytes\n");
    text.append("pages-per-second: 0\n");
    text.append("precopy ram: ").append(counters.bytes() >> 10).append(" kbytes\n");
  }
}
