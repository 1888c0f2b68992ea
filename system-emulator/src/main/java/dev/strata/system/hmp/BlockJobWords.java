// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import java.util.List;

/** What people say about block jobs: what QMP's commands do, in other words. */
final class BlockJobWords {
  static final String MIRROR = "drive_mirror";
  static final String MIRROR_USAGE = MIRROR + " [-n] [-f] device target [format]";
  static final String MIRROR_HELP =
      """
      copy a drive to a new image, with what is written meanwhile
      \t\t\t-n: the image is there already
      \t\t\t-f: copy what the backing file has, too\
      """;
  static final String BACKUP = "drive_backup";
  static final String BACKUP_USAGE = BACKUP + " [-n] [-f] [-c] device target [format]";
  static final String BACKUP_HELP =
      """
      copy a drive to a new image, as it is now
      \t\t\t-n: the image is there already
      \t\t\t-f: copy what the backing file has, too
      \t\t\t-c: compress, where the image's format can\
      """;
  static final String STREAM = "block_stream";
  static final String STREAM_USAGE = STREAM + " device [speed [base]]";
  static final String STREAM_HELP = "copy data from a backing file into a block device";
  static final String SPEED = "block_job_set_speed";
  static final String SPEED_USAGE = SPEED + " device speed";
  static final String SPEED_HELP = "set maximum speed for a background block operation";
  static final String CANCEL = "block_job_cancel";
  static final String CANCEL_USAGE = CANCEL + " [-f] device";
  static final String CANCEL_HELP =
      "stop an active background block operation (-f: at once, not when the data is in sync)";
  static final String COMPLETE = "block_job_complete";
  static final String COMPLETE_USAGE = COMPLETE + " device";
  static final String COMPLETE_HELP = "stop an active background block operation";
  static final String PAUSE = "block_job_pause";
  static final String PAUSE_USAGE = PAUSE + " device";
  static final String PAUSE_HELP = "pause an active background block operation";
  static final String RESUME = "block_job_resume";
  static final String RESUME_USAGE = RESUME + " device";
  static final String RESUME_HELP = "resume a paused background block operation";

  private static final String DEVICE = "block device name";

  private final MonitorSubject.Qmp qmp;

  BlockJobWords(MonitorSubject.Qmp qmp) {
    this.qmp = qmp;
  }

  String mirror(List<String> given) {
    return copy(MIRROR, "drive-mirror", "nf", given);
  }

  String backup(List<String> given) {
    return copy(BACKUP, "drive-backup", "nfc", given);
  }

  private String copy(String command, String qmpCommand, String options, List<String> given) {
    return ArgumentWords.run(
        command,
        given,
        words -> {
          List<Character> letters = words.options(command, options);
          var arguments = new JsonObject().put("device", words.take(DEVICE));
          arguments.put("target", words.take("string"));
          String format = words.takeMore();
          words.end();
          if (format != null) {
            arguments.put("format", format);
          }
          arguments.put("sync", letters.contains('f') ? "full" : "top");
          arguments.put("mode", letters.contains('n') ? "existing" : "absolute-paths");
          if (letters.contains('c')) {
            arguments.put("compress", true);
          }
          qmp.run(qmpCommand, arguments);
          return "";
        });
  }

  String stream(List<String> given) {
    return ArgumentWords.run(
        STREAM,
        given,
        words -> {
          String device = words.take(DEVICE);
          var arguments = new JsonObject().put("job-id", device).put("device", device);
          if (!words.isEmpty()) {
            arguments.put("speed", words.size());
          }
          String base = words.takeMore();
          words.end();
          if (base != null) {
            arguments.put("base", base);
          }
          qmp.run("block-stream", arguments);
          return "";
        });
  }

  String speed(List<String> given) {
    return ArgumentWords.run(
        SPEED,
        given,
        words -> {
          var arguments = new JsonObject().put("device", words.take(DEVICE));
          arguments.put("speed", words.size());
          words.end();
          qmp.run("block-job-set-speed", arguments);
          return "";
        });
  }

  String cancel(List<String> given) {
    return ArgumentWords.run(
        CANCEL,
        given,
        words -> {
          boolean force = words.takes('f');
          var arguments = new JsonObject().put("device", words.take(DEVICE)).put("force", force);
          words.end();
          qmp.run("block-job-cancel", arguments);
          return "";
        });
  }

  String complete(List<String> given) {
    return act(COMPLETE, "block-job-complete", given);
  }

  String pause(List<String> given) {
    return act(PAUSE, "block-job-pause", given);
  }

  String resume(List<String> given) {
    return act(RESUME, "block-job-resume", given);
  }

  private String act(String command, String qmpCommand, List<String> given) {
    return ArgumentWords.run(
        command,
        given,
        words -> {
          var arguments = new JsonObject().put("device", words.take(DEVICE));
          words.end();
          qmp.run(qmpCommand, arguments);
          return "";
        });
  }

  /** The jobs that there are, in lines. */
  String describe() {
    try {
      var text = new StringBuilder();
      if (qmp.run("query-block-jobs", new JsonObject()) instanceof JsonArray jobs) {
        for (JsonValue job : jobs) {
          if (job instanceof JsonObject one) {
            text.append(line(one));
          }
        }
      }
      return text.isEmpty() ? "No active jobs\n" : text.toString();
    } catch (BlockException e) {
      return "Error: " + e.getMessage() + "\n";
    }
  }

  private static String line(JsonObject job) {
    String type = job.string("type");
    return ("stream".equals(type) ? "Streaming device " : "Type " + type + ", device ")
        + job.string("device")
        + ": Completed "
        + job.get("offset")
        + " of "
        + job.get("len")
        + " bytes, speed limit "
        + job.get("speed")
        + " bytes/s\n";
  }
}
