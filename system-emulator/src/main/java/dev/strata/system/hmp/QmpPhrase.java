// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonBool;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonString;
import dev.strata.block.json.JsonValue;
import dev.strata.block.json.JsonWriter;
import dev.strata.system.hmp.Expression.WrongExpressionException;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What people say for a command of QMP.
 *
 * @param name their name of it; of one that only tells something, behind {@code info}
 * @param usage what follows the name
 * @param command QMP's name
 * @param options may stand before the arguments
 * @param arguments in their order
 * @param answer what is shown of QMP's answer, in lines
 */
record QmpPhrase(
    String name,
    String usage,
    String help,
    String command,
    List<Option> options,
    List<Argument> arguments,
    Function<JsonValue, String> answer) {

  /** What an argument is. */
  private enum Kind {
    DEVICE("block device name"),
    STRING("string"),
    SIZE(""),
    NUMBER("");

    /** What is said to be expected if it is not there. */
    private final String words;

    Kind(String words) {
      this.words = words;
    }
  }

  /**
   * A letter, and what it means.
   *
   * @param otherwise what is meant without it, or null for nothing
   */
  private record Option(char letter, String key, JsonValue given, @Nullable JsonValue otherwise) {}

  /**
   * A word.
   *
   * @param keys what it is in QMP, all of them
   * @param optional whether it may be left out
   */
  private record Argument(List<String> keys, Kind kind, boolean optional) {}

  private static final Function<JsonValue, String> SILENT = value -> "";

  private static final List<Option> COPY_OPTIONS =
      List.of(
          new Option('n', "mode", new JsonString("existing"), new JsonString("absolute-paths")),
          new Option('f', "sync", new JsonString("full"), new JsonString("top")));
  private static final String COPY_HELP =
      """

      \t\t\t-n: the image is there already
      \t\t\t-f: copy what the backing file has, too\
      """;

  /** What is told. */
  static final List<QmpPhrase> TOPICS =
      List.of(
          new QmpPhrase(
              "block-jobs",
              "",
              "show progress of ongoing block device operations",
              "query-block-jobs",
              List.of(),
              List.of(),
              QmpPhrase::jobs));

  /** What is done. */
  static final List<QmpPhrase> COMMANDS =
      List.of(
          new QmpPhrase(
              "drive_mirror",
              "[-n] [-f] device target [format]",
              "copy a drive to a new image, with what is written meanwhile" + COPY_HELP,
              "drive-mirror",
              COPY_OPTIONS,
              List.of(device(), string("target"), optional("format")),
              SILENT),
          new QmpPhrase(
              "drive_backup",
              "[-n] [-f] [-c] device target [format]",
              "copy a drive to a new image, as it is now"
                  + COPY_HELP
                  + "\n\t\t\t-c: compress, where the image's format can",
              "drive-backup",
              Stream.concat(
                      COPY_OPTIONS.stream(),
                      Stream.of(new Option('c', "compress", JsonBool.TRUE, null)))
                  .toList(),
              List.of(device(), string("target"), optional("format")),
              SILENT),
          new QmpPhrase(
              "block_stream",
              "device [speed [base]]",
              "copy data from a backing file into a block device",
              "block-stream",
              List.of(),
              List.of(
                  new Argument(List.of("job-id", "device"), Kind.DEVICE, false),
                  new Argument(List.of("speed"), Kind.SIZE, true),
                  optional("base")),
              SILENT),
          new QmpPhrase(
              "block_job_set_speed",
              "device speed",
              "set maximum speed for a background block operation",
              "block-job-set-speed",
              List.of(),
              List.of(device(), new Argument(List.of("speed"), Kind.SIZE, false)),
              SILENT),
          new QmpPhrase(
              "block_job_cancel",
              "[-f] device",
              "stop an active background block operation"
                  + " (-f: at once, not when the data is in sync)",
              "block-job-cancel",
              List.of(new Option('f', "force", JsonBool.TRUE, null)),
              List.of(device()),
              SILENT),
          onJob("complete", "stop an active background block operation"),
          onJob("pause", "pause an active background block operation"),
          onJob("resume", "resume a paused background block operation"),
          new QmpPhrase(
              "block_set_io_throttle",
              "device bps bps_rd bps_wr iops iops_rd iops_wr",
              "change I/O throttle limits for a block drive",
              "block_set_io_throttle",
              List.of(),
              List.of(
                  device(),
                  number("bps"),
                  number("bps_rd"),
                  number("bps_wr"),
                  number("iops"),
                  number("iops_rd"),
                  number("iops_wr")),
              SILENT),
          new QmpPhrase(
              "snapshot_blkdev",
              "[-n] device [new-image-file] [format]",
              "put a new image, of qcow2 or that format, over a drive's"
                  + "\n\t\t\t-n: the image is there already",
              "blockdev-snapshot-sync",
              COPY_OPTIONS.subList(0, 1),
              List.of(device(), optional("snapshot-file"), optional("format")),
              SILENT),
          new QmpPhrase(
              "snapshot_blkdev_internal",
              "device name",
              "take a snapshot inside a drive's image",
              "blockdev-snapshot-internal-sync",
              List.of(),
              List.of(device(), string("name")),
              SILENT),
          new QmpPhrase(
              "snapshot_delete_blkdev_internal",
              "device name [id]",
              "delete a snapshot inside a drive's image",
              "blockdev-snapshot-delete-internal-sync",
              List.of(),
              List.of(device(), string("name"), optional("id")),
              SILENT),
          new QmpPhrase(
              "object_del",
              "id",
              "destroy QOM object",
              "object-del",
              List.of(),
              List.of(string("id")),
              SILENT),
          new QmpPhrase(
              "qom-get",
              "path property",
              "print QOM property",
              "qom-get",
              List.of(),
              List.of(string("path"), string("property")),
              value -> JsonWriter.pretty(value) + "\n"));

  private static Argument device() {
    return new Argument(List.of("device"), Kind.DEVICE, false);
  }

  private static Argument string(String key) {
    return new Argument(List.of(key), Kind.STRING, false);
  }

  private static Argument optional(String key) {
    return new Argument(List.of(key), Kind.STRING, true);
  }

  private static Argument number(String key) {
    return new Argument(List.of(key), Kind.NUMBER, false);
  }

  private static QmpPhrase onJob(String verb, String help) {
    return new QmpPhrase(
        "block_job_" + verb,
        "device",
        help,
        "block-job-" + verb,
        List.of(),
        List.of(device()),
        SILENT);
  }

  /** Has QMP do it; what is answered, in lines. */
  String run(MonitorSubject subject, List<String> given) {
    return ArgumentWords.run(
        name,
        given,
        words -> {
          var qmp = new JsonObject();
          take(words, qmp);
          for (Argument argument : arguments) {
            take(argument, words, subject, qmp);
          }
          words.end();
          return answer.apply(subject.qmp().run(command, qmp));
        });
  }

  private void take(ArgumentWords words, JsonObject qmp) throws ArgumentWords.MisusedException {
    var letters = new StringBuilder();
    options.forEach(option -> letters.append(option.letter));
    List<Character> given = words.options(name, letters.toString());
    for (Option option : options) {
      JsonValue value = given.contains(option.letter) ? option.given : option.otherwise;
      if (value != null) {
        qmp.put(option.key, value);
      }
    }
  }

  private void take(Argument argument, ArgumentWords words, MonitorSubject subject, JsonObject qmp)
      throws ArgumentWords.MisusedException {
    if (argument.optional && words.isEmpty()) {
      return;
    }
    JsonValue value =
        switch (argument.kind) {
          case DEVICE, STRING -> new JsonString(words.take(argument.kind.words));
          case SIZE -> JsonNumber.of(words.size());
          case NUMBER -> JsonNumber.of(number(words, subject));
        };
    for (String key : argument.keys) {
      qmp.put(key, value);
    }
  }

  private long number(ArgumentWords words, MonitorSubject subject)
      throws ArgumentWords.MisusedException {
    String text = words.takeMore();
    try {
      return Expression.value(name, text == null ? "" : text, subject::register);
    } catch (WrongExpressionException e) {
      throw new ArgumentWords.MisusedException(name, e.getMessage());
    }
  }

  private static String jobs(JsonValue all) {
    var text = new StringBuilder();
    if (all instanceof JsonArray jobs) {
      for (JsonValue each : jobs) {
        if (each instanceof JsonObject job) {
          String type = job.string("type");
          text.append("stream".equals(type) ? "Streaming device " : "Type " + type + ", device ");
          text.append(job.string("device"));
          text.append(": Completed ").append(job.get("offset"));
          text.append(" of ").append(job.get("len"));
          text.append(" bytes, speed limit ").append(job.get("speed")).append(" bytes/s\n");
        }
      }
    }
    return text.isEmpty() ? "No active jobs\n" : text.toString();
  }
}
