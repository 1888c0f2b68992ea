// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fault;

import dev.strata.imgtool.QemuImg;
import dev.strata.iotool.QemuIo;
import dev.strata.monitor.commandline.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Runs the tools within this process.
 *
 * @param exitCode as a shell would see it
 */
record ToolRun(int exitCode, String output, String errors) {
  private static final long HANGS_SECONDS = 60;

  private static final ExecutorService THREAD =
      Executors.newSingleThreadExecutor(work -> {
        var thread = new Thread(work, "tool");
        thread.setDaemon(true);
        thread.setContextClassLoader(withMemoryProtocol());
        return thread;
      });

  /** Services are looked for with the context's class loader: no other test finds this one. */
  private static ClassLoader withMemoryProtocol() {
    URL folder = ToolRun.class.getResource("/fault/");
    return new URLClassLoader(new URL[] {folder}, ToolRun.class.getClassLoader());
  }

  /** Runs the program that the first word names. */
  static ToolRun of(List<String> words) throws Exception {
    return THREAD.submit(() -> run(words)).get(HANGS_SECONDS, TimeUnit.SECONDS);
  }

  private static ToolRun run(List<String> words) {
    var output = new ByteArrayOutputStream();
    var errors = new ByteArrayOutputStream();
    String[] arguments = words.subList(1, words.size()).toArray(String[]::new);
    var out = new PrintStream(output, false, StandardCharsets.UTF_8);
    var err = new PrintStream(errors, true, StandardCharsets.UTF_8);
    int code =
        words.getFirst().equals("qemu-io")
            ? QemuIo.run(arguments, out, err)
            : QemuImg.run(arguments, new Terminal("qemu-img", out, err));
    out.flush();
    return new ToolRun(
        code, output.toString(StandardCharsets.UTF_8), errors.toString(StandardCharsets.UTF_8));
  }

  /** Runs something else with the same drivers. */
  static <T> T with(Callable<T> work) throws Exception {
    return THREAD.submit(work).get(HANGS_SECONDS, TimeUnit.SECONDS);
  }

  /** The lines of the messages. */
  List<String> lines() {
    return errors.isEmpty() ? List.of() : Arrays.asList(errors.strip().split("\n", -1));
  }
}
