// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import static dev.strata.monitor.command.Monitor.flag;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.job.JobSettings;
import dev.strata.block.job.OnError;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;

/** Arguments that all commands that begin jobs have. */
final class JobArguments {
  private JobArguments() {}

  /**
   * What is said of any job.
   *
   * @param disk what the job is about: a guest's drive lends it its name
   */
  static JobSettings settings(Monitor monitor, JsonObject arguments, BlockNode disk)
      throws BlockException {
    String given = arguments.string("job-id");
    return new JobSettings(
        given == null ? monitor.drives().of(disk) : given,
        speed(arguments),
        flag(arguments, "auto-finalize", true),
        flag(arguments, "auto-dismiss", true));
  }

  /** Bytes a second; 0 if it is not given. */
  static long speed(JsonObject arguments) throws BlockException {
    long speed = number(arguments, "speed", 0);
    if (speed < 0) {
      throw invalid("Parameter 'speed' expects a non-negative value");
    }
    return speed;
  }

  /** A number that may be left out. */
  static long number(JsonObject arguments, String name, long otherwise) {
    return arguments.get(name) instanceof JsonNumber given ? given.bits() : otherwise;
  }

  /** What a request that fails is to come to. */
  static OnError onError(JsonObject arguments, String name) {
    String word = arguments.string(name);
    return switch (word == null ? "report" : word) {
      case "ignore" -> OnError.IGNORE;
      case "stop" -> OnError.STOP;
      case "enospc", "auto" -> OnError.ENOSPC;
      default -> OnError.REPORT;
    };
  }

  /** Arguments that contradict each other, or what there is. */
  static BlockException invalid(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  /** What the reference has, and Strata has not. */
  static BlockException unsupported(String what) {
    return new BlockException(Errno.EOPNOTSUPP, "Strata does not support " + what);
  }
}
