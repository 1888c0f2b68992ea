// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.corpus;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;

/**
 * Runs the corpus outside the build, straight from its sources; the script {@code corpus} of this
 * module is its way in.
 */
public final class CorpusCommandLine {
  private Path ours = Path.of("");
  private Path peer = Path.of("/usr/bin");
  private Path cases = Path.of("");
  private Pattern filter = Pattern.compile("");
  private int workers = 2;
  private int every = 1;
  private boolean list;
  private boolean quiet;
  private boolean show;

  private CorpusCommandLine() {}

  /** Runs the chosen cases, prints what differs, and exits with 1 if anything does. */
  public static void main(String[] arguments) throws Exception {
    System.exit(new CorpusCommandLine().parse(arguments).run());
  }

  private CorpusCommandLine parse(String[] arguments) {
    int index = 0;
    while (index < arguments.length) {
      String option = arguments[index++];
      switch (option) {
        case "--list" -> list = true;
        case "--quiet" -> quiet = true;
        case "--show" -> show = true;
        case "--ours", "--peer", "--cases", "--filter", "--every", "-j" -> {
          if (index == arguments.length) {
            throw new IllegalArgumentException(option + " needs a value");
          }
          take(option, arguments[index++]);
        }
        default -> {
          if (!option.matches("-j\\d+")) {
            throw new IllegalArgumentException("unknown option: " + option);
          }
          workers = Integer.parseInt(option.substring(2));
        }
      }
    }
    return this;
  }

  private void take(String option, String value) {
    switch (option) {
      case "--ours" -> ours = Path.of(value).toAbsolutePath();
      case "--peer" -> peer = Path.of(value).toAbsolutePath();
      case "--cases" -> cases = Path.of(value);
      case "--every" -> every = Integer.parseInt(value);
      case "--filter" -> filter = Pattern.compile(value);
      default -> workers = Integer.parseInt(value);
    }
  }

  private int run() throws IOException, InterruptedException {
    List<CorpusCase> chosen = new ArrayList<>();
    int lines = 0;
    for (CorpusCase each : CorpusSample.of(CaseFile.readAll(cases), every)) {
      if (filter.matcher(each.name()).find()) {
        chosen.add(each);
        lines += each.testedLines();
      }
    }
    if (list) {
      chosen.forEach(each -> System.out.println(each.testedLines() + "\t" + each.name()));
      return 0;
    }
    if (show) {
      for (CorpusCase each : chosen) {
        System.out.println("== " + each.name());
        System.out.println(new CaseRunner(peer, peer).observe(each));
      }
      return 0;
    }
    for (Path tools : List.of(ours, peer)) {
      for (String tool : List.of("qemu-img", "qemu-io")) {
        if (!Files.isExecutable(tools.resolve(tool))) {
          System.err.println("corpus: no program " + tools.resolve(tool));
          return 2;
        }
      }
    }
    return runAll(chosen, lines);
  }

  private int runAll(List<CorpusCase> chosen, int lines) throws InterruptedException {
    CaseRunner runner = new CaseRunner(ours, peer);
    long startNanos = System.nanoTime();
    int failed = 0;
    int failedLines = 0;
    try (ExecutorService pool = Executors.newFixedThreadPool(workers)) {
      List<Future<List<Difference>>> results = new ArrayList<>();
      for (CorpusCase each : chosen) {
        results.add(pool.submit(() -> runner.run(each)));
      }
      for (int i = 0; i < chosen.size(); i++) {
        List<Difference> differences = outcome(results.get(i));
        if (differences.isEmpty()) {
          continue;
        }
        failed++;
        failedLines += (int) differences.stream().map(Difference::command).distinct().count();
        System.out.println(
            "FAILED " + chosen.get(i).name() + " (line " + chosen.get(i).line() + ")");
        if (!quiet) {
          differences.forEach(difference -> System.out.println(difference.render()));
        }
      }
    }
    System.out.printf(
        "%d cases with %d command lines: %d cases differ (in %d places), %.1f s%n",
        chosen.size(), lines, failed, failedLines, (System.nanoTime() - startNanos) / 1e9);
    return failed == 0 ? 0 : 1;
  }

  private static List<Difference> outcome(Future<List<Difference>> result)
      throws InterruptedException {
    try {
      return result.get();
    } catch (ExecutionException e) {
      return List.of(new Difference("(the case itself)", "could not run", "", e.getCause() + "\n"));
    }
  }
}
