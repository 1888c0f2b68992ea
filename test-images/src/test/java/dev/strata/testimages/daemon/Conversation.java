// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

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
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Plays a script to a daemon, line by line. A line {@code await TEXT} waits for an event with that
 * text; {@code @} stands for the folder.
 */
final class Conversation {
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(5); // may have to build first

  /** What differs whoever answers. */
  private static final Pattern VARYING =
      Pattern.compile("\"timestamp\": \\{[^}]*}, |, \"package\": \"[^\"]*\"");

  private final List<String> heard = new ArrayList<>();

  private Conversation() {}

  /** All that the daemon said, but for times. */
  static List<String> play(Path folder, String program, List<String> script) throws Exception {
    Process process = start(folder, program);
    try (SocketChannel channel = connect(folder.resolve("qmp"), process)) {
      var conversation = new Conversation();
      conversation.say(folder, channel, script);
      conversation.heard.add("exit " + ended(process));
      return conversation.heard.stream().map(said -> said.replace(folder.toString(), "@")).toList();
    } finally {
      process.destroyForcibly();
      process.waitFor();
    }
  }

  /** As {@link #play}, and kills the daemon at the end of the script, whatever it does then. */
  static List<String> kill(Path folder, String program, List<String> script) throws Exception {
    Process process = start(folder, program);
    try (SocketChannel channel = connect(folder.resolve("qmp"), process)) {
      var conversation = new Conversation();
      conversation.say(folder, channel, script);
      return conversation.heard;
    } finally {
      process.destroyForcibly();
      process.waitFor();
      Files.deleteIfExists(folder.resolve("qmp"));
    }
  }

  private static Process start(Path folder, String program) throws IOException {
    Path errors = Files.createTempFile(folder, "errors", "");
    return new ProcessBuilder(
            program,
            "--chardev",
            "socket,id=c,server=on,wait=off,path=" + folder.resolve("qmp"),
            "--monitor",
            "chardev=c")
        .redirectErrorStream(true)
        .redirectOutput(errors.toFile())
        .start();
  }

  private void say(Path folder, SocketChannel channel, List<String> script) throws IOException {
    var in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
    hear(in);
    for (String line : script) {
      if (line.startsWith("await ")) {
        await(in, line.substring(6));
      } else {
        heard.add("> " + line);
        String text = line.replace("@", folder.toString()) + "\n";
        channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        while (hear(in).startsWith("{\"event\"")) {}
      }
    }
  }

  private static int ended(Process process) throws InterruptedException {
    if (!process.waitFor(1, TimeUnit.MINUTES)) {
      throw new AssertionError("the daemon does not end");
    }
    return process.exitValue();
  }

  private static SocketChannel connect(Path socket, Process process) throws IOException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      try {
        return SocketChannel.open(UnixDomainSocketAddress.of(socket));
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() > end) {
          throw e;
        }
        Thread.onSpinWait();
      }
    }
  }

  private String hear(BufferedReader in) throws IOException {
    String line = in.readLine();
    while (line != null && line.startsWith("{\"QMP\"") && !heard.isEmpty()) {
      line = in.readLine(); // the real daemon greets twice now and then
    }
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
