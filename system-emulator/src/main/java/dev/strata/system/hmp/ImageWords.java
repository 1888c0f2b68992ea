// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonObject;
import dev.strata.system.hmp.Expression.WrongExpressionException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What people say about the images behind drives: what QMP's commands do, in other words. */
final class ImageWords {
  static final String OVERLAY = "snapshot_blkdev";
  static final String OVERLAY_USAGE = OVERLAY + " [-n] device [new-image-file] [format]";
  static final String OVERLAY_HELP =
      """
      put a new image, of qcow2 or that format, over a drive's
      \t\t\t-n: the image is there already\
      """;
  static final String TAKE = "snapshot_blkdev_internal";
  static final String TAKE_USAGE = TAKE + " device name";
  static final String TAKE_HELP = "take a snapshot inside a drive's image";
  static final String DELETE = "snapshot_delete_blkdev_internal";
  static final String DELETE_USAGE = DELETE + " device name [id]";
  static final String DELETE_HELP = "delete a snapshot inside a drive's image";
  static final String LIMIT = "block_set_io_throttle";
  static final String LIMIT_USAGE = LIMIT + " device bps bps_rd bps_wr iops iops_rd iops_wr";
  static final String LIMIT_HELP = "change I/O throttle limits for a block drive";

  private static final String DEVICE = "block device name";
  private static final List<String> LIMITS =
      List.of("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr");

  private final MonitorSubject.Qmp qmp;
  private final Function<String, @Nullable Long> registers;

  ImageWords(MonitorSubject.Qmp qmp, Function<String, @Nullable Long> registers) {
    this.qmp = qmp;
    this.registers = registers;
  }

  String overlay(List<String> given) {
    return ArgumentWords.run(
        OVERLAY,
        given,
        words -> {
          boolean existing = words.takes('n');
          var arguments = new JsonObject().put("device", words.take(DEVICE));
          String file = words.takeMore();
          String format = words.takeMore();
          words.end();
          if (file == null) {
            throw new BlockException(Errno.EINVAL, "Parameter 'snapshot-file' is missing");
          }
          arguments.put("snapshot-file", file);
          if (format != null) {
            arguments.put("format", format);
          }
          arguments.put("mode", existing ? "existing" : "absolute-paths");
          qmp.run("blockdev-snapshot-sync", arguments);
          return "";
        });
  }

  String take(List<String> given) {
    return ArgumentWords.run(
        TAKE,
        given,
        words -> {
          var arguments = new JsonObject().put("device", words.take(DEVICE));
          arguments.put("name", words.take("string"));
          words.end();
          qmp.run("blockdev-snapshot-internal-sync", arguments);
          return "";
        });
  }

  String delete(List<String> given) {
    return ArgumentWords.run(
        DELETE,
        given,
        words -> {
          var arguments = new JsonObject().put("device", words.take(DEVICE));
          arguments.put("name", words.take("string"));
          String id = words.takeMore();
          words.end();
          if (id != null) {
            arguments.put("id", id);
          }
          qmp.run("blockdev-snapshot-delete-internal-sync", arguments);
          return "";
        });
  }

  String limit(List<String> given) {
    return ArgumentWords.run(
        LIMIT,
        given,
        words -> {
          var arguments = new JsonObject().put("device", words.take(DEVICE));
          for (String limit : LIMITS) {
            String number = words.takeMore();
            try {
              arguments.put(
                  limit, Expression.value(LIMIT, number == null ? "" : number, registers));
            } catch (WrongExpressionException e) {
              throw new ArgumentWords.MisusedException(LIMIT, e.getMessage());
            }
          }
          words.end();
          qmp.run("block_set_io_throttle", arguments);
          return "";
        });
  }
}
