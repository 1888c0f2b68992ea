// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonReader;
import dev.strata.block.json.JsonWriter;
import dev.strata.testimages.nbdserver.Commands;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Plays a script to a daemon, line by line. A line {@code await TEXT} waits for an event with that
 * text; {@code run PROGRAM|ARGUMENT…} runs a program to its end, and hears what it prints; after
 * {@code unordered} the order of what the reply lists means nothing; {@code @} stands for the
 * folder. {@code poll TEXT COMMAND} asks, unheard, until an answer has that text, in which {@code
 * _} is a space. A machine's ports, by qtest at the socket {@code ports} in the folder: {@code
 * ports COMMAND} says that, {@code until COMMAND PORT MASK VALUE} reads a port until it has that
 * value.
 */
final class Conversation {
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(5); // may have to build first

  private static final long PAUSE_MILLIS = 10;

  /**
   * How long the real daemon takes, once it has written its process number, to hand its socket to
   * the monitor's thread. Who connects before is accepted by two threads, of which one waits for
   * another client then, and serves nobody.
   */
  private static final long SETTLING_MILLIS = 300;

  /** What differs whoever answers. */
  private static final Pattern VARYING =
      Pattern.compile("\"timestamp\": \\{[^}]*}, |, \"package\": \"[^\"]*\"");

  private final List<String> heard = new ArrayList<>();
  private @Nullable Ports ports; // once they are used; closed with the process at the other end

  private Conversation() {}

  /** All that the daemon said, but for times. */
  static List<String> play(Path folder, String program, List<String> script) throws Exception {
    return play(folder, daemon(folder, program), script);
  }

  /**
   * The same with any program that has QMP.
   *
   * @param command which writes the file {@code pid} in the folder and listens at {@code qmp}
   */
  static List<String> play(Path folder, List<String> command, List<String> script)
      throws Exception {
    Process process = start(folder, command);
    try (SocketChannel channel = connect(folder, process)) {
      var conversation = new Conversation();
      conversation.say(folder, channel, script);
      Ports used = conversation.ports;
      if (used != null) {
        used.channel.close();
      }
      conversation.heard.add("exit " + ended(process));
      return conversation.heard.stream().map(said -> said.replace(folder.toString(), "@")).toList();
    } finally {
      process.destroyForcibly();
      process.waitFor();
    }
  }

  /** As {@link #play}, and kills the daemon at the end of the script, whatever it does then. */
  static List<String> kill(Path folder, String program, List<String> script) throws Exception {
    Process process = start(folder, daemon(folder, program));
    try (SocketChannel channel = connect(folder, process)) {
      var conversation = new Conversation();
      conversation.say(folder, channel, script);
      return conversation.heard;
    } finally {
      process.destroyForcibly();
      process.waitFor();
      Files.deleteIfExists(folder.resolve("qmp"));
    }
  }

  private static List<String> daemon(Path folder, String program) {
    return List.of(
        program,
        "--pidfile",
        folder.resolve("pid").toString(),
        "--chardev",
        "socket,id=c,server=on,wait=off,path=" + folder.resolve("qmp"),
        "--monitor",
        "chardev=c");
  }

  private static Process start(Path folder, List<String> command) throws IOException {
    Path errors = Files.createTempFile(folder, "errors", "");
    Files.deleteIfExists(folder.resolve("pid"));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(errors.toFile())
        .start();
  }

  private void say(Path folder, SocketChannel channel, List<String> script)
      throws IOException, InterruptedException {
    var in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
    hear(in);
    for (String line : script) {
      if (line.startsWith("await ")) {
        await(in, line.substring(6));
      } else if (line.startsWith("poll ")) {
        heard.add("> " + line);
        poll(channel, in, line.substring(5).split(" ", 2));
      } else if (line.startsWith("ports ")) {
        heard.add("> " + line);
        heard.add(ports(folder).ask(line.substring(6)));
      } else if (line.startsWith("until ")) {
        heard.add("> " + line);
        heard.add(ports(folder).until(line.substring(6).split(" ")));
      } else if (line.startsWith("run ")) {
        heard.add("> " + line);
        String[] words = line.substring(4).replace("@", folder.toString()).split("\\|");
        heard.add(new Commands(folder).succeed(words));
      } else {
        boolean unordered = line.startsWith("unordered ");
        heard.add("> " + line);
        String text = unordered ? line.substring("unordered ".length()) : line;
        text = text.replace("@", folder.toString()) + "\n";
        channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        while (hear(in).startsWith("{\"event\"")) {}
        if (unordered) {
          heard.add(ordered(heard.removeLast()));
        }
      }
    }
  }

  private void poll(SocketChannel channel, BufferedReader in, String[] words)
      throws IOException, InterruptedException {
    String text = words[0].replace('_', ' ');
    long end = System.nanoTime() + PATIENCE_NANOS;
    String answer = "";
    while (!answer.contains(text)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("never " + text + " but " + answer);
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
      channel.write(ByteBuffer.wrap((words[1] + "\n").getBytes(StandardCharsets.UTF_8)));
      do {
        answer = hear(in);
      } while (answer.startsWith("{\"event\""));
      heard.removeLast();
    }
  }

  /** The ports of a machine. */
  private record Ports(SocketChannel channel, BufferedReader in) {
    String ask(String command) throws IOException {
      channel.write(ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.US_ASCII)));
      String answer = in.readLine();
      while (answer != null && answer.startsWith("IRQ ")) {
        answer = in.readLine();
      }
      return String.valueOf(answer);
    }

    String until(String[] words) throws IOException, InterruptedException {
      long mask = Long.decode(words[2]);
      long end = System.nanoTime() + PATIENCE_NANOS;
      while (true) {
        String answer = ask(words[0] + " " + words[1]);
        if ((Long.decode(answer.substring(3)) & mask) == Long.decode(words[3])) {
          return answer;
        }
        if (System.nanoTime() > end) {
          throw new AssertionError("never " + Arrays.toString(words) + " but " + answer);
        }
        TimeUnit.MILLISECONDS.sleep(1);
      }
    }
  }

  private Ports ports(Path folder) throws IOException {
    Ports open = ports;
    if (open == null) {
      var channel = SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("ports")));
      open =
          new Ports(
              channel, new BufferedReader(Channels.newReader(channel, StandardCharsets.US_ASCII)));
      ports = open;
    }
    return open;
  }

  private static String ordered(String reply) throws BlockException {
    JsonObject json = JsonReader.parseObject(reply);
    if (!(json.get("return") instanceof JsonArray array)) {
      return reply;
    }
    var items = new ArrayList<>(array.items());
    items.sort(Comparator.comparing(JsonWriter::compact));
    return JsonWriter.compact(json.put("return", new JsonArray(items)));
  }

  private static int ended(Process process) throws InterruptedException {
    if (!process.waitFor(1, TimeUnit.MINUTES)) {
      throw new AssertionError("the daemon does not end");
    }
    return process.exitValue();
  }

  private static SocketChannel connect(Path folder, Process process)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!Files.exists(folder.resolve("pid"))) {
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new AssertionError("the daemon does not begin");
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
    TimeUnit.MILLISECONDS.sleep(SETTLING_MILLIS);
    return SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("qmp")));
  }

  private String hear(BufferedReader in) throws IOException {
    String line = in.readLine();
    if (line == null) {
      throw new AssertionError("the daemon has nothing more to say after " + heard);
    }
    String said = VARYING.matcher(line).replaceAll("");
    heard.add(said);
    return said;
  }

  /** What a job says it has done before may have come already. */
  private void await(BufferedReader in, String text) throws IOException {
    for (int i = heard.size() - 1; i >= 0 && !heard.get(i).startsWith("> "); i--) {
      if (heard.get(i).contains(text)) {
        return;
      }
    }
    while (!hear(in).contains(text)) {}
  }
}
