// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.file.DescriptorSets;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.posix.FileDescriptor;
import dev.strata.monitor.command.Monitor;
import org.jspecify.annotations.Nullable;

/**
 * Files that a client has opened for this process and passes with the command.
 *
 * @see "QEMU qapi/misc.json, getfd, closefd, add-fd, remove-fd, query-fdsets"
 */
final class DescriptorCommands {
  private static final String SET = "fdset-id";

  private final Monitor monitor;
  private final DescriptorSets sets = DescriptorSets.OF_PROCESS;

  private DescriptorCommands(Monitor monitor) {
    this.monitor = monitor;
  }

  static void contribute(Monitor monitor) {
    var own = new DescriptorCommands(monitor);
    monitor.commands().add("getfd", own::name);
    monitor.commands().add("closefd", own::close);
    monitor.commands().add("add-fd", own::add);
    monitor.commands().add("remove-fd", own::remove);
    monitor.commands().add("query-fdsets", arguments -> own.query());
  }

  private JsonObject name(JsonObject arguments) throws BlockException {
    monitor.commands().descriptors().name(Monitor.required(arguments, "fdname"));
    return new JsonObject();
  }

  private JsonObject close(JsonObject arguments) throws BlockException {
    monitor.commands().descriptors().takeNamed(Monitor.required(arguments, "fdname")).close();
    return new JsonObject();
  }

  private static @Nullable Long number(JsonObject arguments, String name) {
    return arguments.get(name) instanceof JsonNumber given ? given.bits() : null;
  }

  private JsonObject add(JsonObject arguments) throws BlockException {
    FileDescriptor passed = monitor.commands().descriptors().take();
    Long set = number(arguments, SET);
    if (set != null && set < 0) {
      passed.close();
      throw new BlockException(
          Errno.EINVAL, "Parameter '" + SET + "' expects a non-negative value");
    }
    int number = passed.number();
    long id = sets.add(set, passed, arguments.string("opaque"));
    return new JsonObject().put(SET, id).put("fd", number);
  }

  private JsonObject remove(JsonObject arguments) throws BlockException {
    Long set = number(arguments, SET);
    sets.remove(set == null ? -1 : set, number(arguments, "fd"));
    return new JsonObject();
  }

  private JsonArray query() {
    var all = new JsonArray();
    sets.all()
        .forEach((id, members) -> {
          var descriptors = new JsonArray();
          for (DescriptorSets.Member each : members) {
            var told = new JsonObject().put("fd", each.descriptor().number());
            if (each.opaque() != null) {
              told.put("opaque", each.opaque());
            }
            descriptors.add(told);
          }
          all.add(new JsonObject().put("fds", descriptors).put(SET, id));
        });
    return all;
  }
}
