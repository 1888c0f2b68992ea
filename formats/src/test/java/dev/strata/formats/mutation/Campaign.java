// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.mutation;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Many trials of one seed. System properties: {@code strata.long} has it take long; {@code
 * strata.mutation.cases} says how many there are, from number {@code strata.mutation.first} on;
 * {@code strata.mutation.seed} names the one seed that is tried, and {@code strata.mutation.keep} a
 * folder that gets the damaged images, which are not tried then.
 */
public final class Campaign {
  private static final int LONG_CASES = 20_000;

  /** Of one trial: much longer than any takes, so that what exceeds it hangs. */
  private static final int MAX_SECONDS = 60;

  private static final int MOST_KINDS = 20;

  private final Seed seed;
  private final Path folder;
  private final Map<String, String> failures = new LinkedHashMap<>();
  private final AtomicReference<Thread> runner = new AtomicReference<>();
  private final AtomicReference<Throwable> uncaught = new AtomicReference<>();

  /**
   * Of that seed.
   *
   * @param folder empty, for nothing else
   */
  public Campaign(Seed seed, Path folder) {
    this.seed = seed;
    this.folder = folder;
  }

  /** Runs them all, and fails if one does; one failure of each kind is told. */
  public void run(int cases) throws IOException, InterruptedException {
    String only = System.getProperty("strata.mutation.seed");
    if (only != null && !only.equals(seed.name())) {
      return;
    }
    int wanted = Boolean.getBoolean("strata.long") ? LONG_CASES : cases;
    int count = Integer.getInteger("strata.mutation.cases", wanted);
    long first = Long.getLong("strata.mutation.first", 0);
    var executor =
        Executors.newSingleThreadExecutor(task -> {
          Thread thread = Thread.ofPlatform().daemon().name("trial").unstarted(task);
          runner.set(thread);
          return thread;
        });
    Thread.UncaughtExceptionHandler handler = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> uncaught.compareAndSet(null, e));
    try {
      long end = first + count;
      for (long number = first; number < end && failures.size() < MOST_KINDS; number++) {
        long current = number;
        var trial =
            executor.submit(() -> {
              run(current);
              return null;
            });
        try {
          trial.get(MAX_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
          tell(number, "hangs", hung());
          break;
        } catch (ExecutionException e) {
          tell(number, String.valueOf(e.getCause()), trace(e.getCause()));
        }
      }
    } finally {
      executor.shutdown();
      Thread.setDefaultUncaughtExceptionHandler(handler);
    }
    if (!failures.isEmpty()) {
      fail(String.join("\n", failures.values()));
    }
  }

  private void run(long number) throws IOException {
    ImageBytes damaged = seed.image().copy();
    String mutation = Mutation.of(damaged, seed.layout(), number);
    String keep = System.getProperty("strata.mutation.keep");
    if (keep != null) {
      Path kept = Files.createDirectories(Path.of(keep, seed.name() + "-" + number));
      new Trial(seed, damaged, kept).writeFiles();
      Files.writeString(kept.resolve("damage"), mutation + "\n");
      return;
    }
    Path place = Files.createDirectories(folder.resolve("case"));
    var trial = new Trial(seed, damaged, place);
    int open = openFiles();
    try {
      trial.run();
      Throwable lost = uncaught.getAndSet(null);
      if (lost != null) {
        throw new Violation("lost in another thread: " + lost, lost);
      }
      if (openFiles() > open) {
        throw new Violation("leaves files open", null);
      }
    } catch (Violation e) {
      tell(number, e.kind(), details(mutation, trial, e) + cause(e.getCause()));
    } catch (Throwable e) {
      tell(number, e.toString(), details(mutation, trial, e) + cause(e));
    }
  }

  private static String details(String mutation, Trial trial, Throwable e) {
    return mutation + "\n  " + e.getMessage() + "\n  after:\n    " + trial.steps().latest();
  }

  private static String cause(@Nullable Throwable e) {
    return e == null ? "" : "\n  because of " + trace(e);
  }

  /** As far as the host tells. */
  private static int openFiles() {
    String[] names = new File("/proc/self/fd").list();
    return names == null ? 0 : names.length;
  }

  private void tell(long number, String kind, String details) {
    failures.putIfAbsent(
        kind,
        "Damaged image fails: "
            + details
            + "\n  again with -Dstrata.mutation.seed="
            + seed.name()
            + " -Dstrata.mutation.first="
            + number
            + " -Dstrata.mutation.cases=1\n");
  }

  private String hung() {
    var text = new StringBuilder("no end after " + MAX_SECONDS + " seconds, in");
    Thread thread = runner.get();
    for (StackTraceElement frame : thread.getStackTrace()) {
      text.append("\n    ").append(frame);
    }
    return text.toString();
  }

  private static String trace(Throwable e) {
    var text = new StringWriter();
    e.printStackTrace(new PrintWriter(text));
    return text.toString().lines().limit(25).reduce("", (all, line) -> all + line + "\n    ");
  }
}
