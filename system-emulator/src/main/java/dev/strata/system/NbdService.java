// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.json.JsonObject;
import dev.strata.monitor.command.Monitor;
import dev.strata.system.hmp.MonitorSubject;
import org.jspecify.annotations.Nullable;

/** Serves drives by NBD as people ask for it: what QMP's commands do, in other words. */
record NbdService(Monitor monitor, MonitorSubject.Qmp qmp) implements MonitorSubject.DiskServer {
  private static final String UNIX = "unix:";

  @Override
  public void start(String place) throws BlockException {
    var data = new JsonObject();
    boolean local = place.startsWith(UNIX);
    if (local) {
      data.put("path", place.substring(UNIX.length()));
    } else {
      int colon = place.lastIndexOf(':');
      if (colon < 0) {
        throw new BlockException(Errno.EINVAL, "error parsing address '" + place + "'");
      }
      data.put("host", place.substring(0, colon)).put("port", place.substring(colon + 1));
    }
    var address = new JsonObject().put("type", local ? "unix" : "inet").put("data", data);
    qmp.run("nbd-server-start", new JsonObject().put("addr", address));
  }

  @Override
  public void add(String device, @Nullable String name, boolean writable) throws BlockException {
    var arguments = new JsonObject().put("device", device).put("writable", writable);
    if (name != null) {
      arguments.put("name", name);
    }
    qmp.run("nbd-server-add", arguments);
  }

  /** If one drive cannot be served, none is. */
  @Override
  public void addAll(boolean writable) throws BlockException {
    boolean done = false;
    try {
      for (GuestDrive drive : monitor.drives().all()) {
        if (drive.medium() != null && !drive.name().isEmpty()) {
          add(drive.name(), null, writable);
        }
      }
      done = true;
    } finally {
      if (!done) {
        stop();
      }
    }
  }

  @Override
  public void remove(String name, boolean force) throws BlockException {
    qmp.run(
        "nbd-server-remove",
        new JsonObject().put("name", name).put("mode", force ? "hard" : "safe"));
  }

  @Override
  public void stop() throws BlockException {
    qmp.run("nbd-server-stop", new JsonObject());
  }
}
