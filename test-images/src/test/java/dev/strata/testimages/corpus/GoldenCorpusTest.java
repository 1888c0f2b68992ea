// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Every command line of the corpus does the same in our tools as in the real ones. System property
 * {@code strata.bin} names the directory of our tools, {@code strata.peer} that of the real ones;
 * {@code strata.corpus.every} says which part is run: 1 for all cases, by default a quarter.
 *
 * <p>Cases in which ours are known to differ are listed in {@code open-cases.txt}; they are run
 * only with {@code strata.corpus.open}, and then fail when they no longer differ: the list only
 * shrinks.
 */
@Tag("peer")
final class GoldenCorpusTest {
  private static final ExecutorService POOL = Executors.newFixedThreadPool(2);

  @AfterAll
  static void end() {
    POOL.shutdownNow();
  }

  @TestFactory
  Stream<DynamicNode> everyCommandLineDoesWhatTheRealToolDoes()
      throws IOException, URISyntaxException {
    Path peer = Path.of(System.getProperty("strata.peer", "/usr/bin"));
    Path ours = ourTools();
    for (String tool : List.of("qemu-img", "qemu-io", "qemu-nbd")) {
      assumeTrue(
          Files.isExecutable(peer.resolve(tool)),
          () -> "skipped: the real " + tool + " is not in " + peer);
    }
    for (String tool : List.of("qemu-img", "qemu-io")) {
      assumeTrue(
          System.getProperty("strata.bin") != null || Files.isExecutable(ours.resolve(tool)),
          () -> "skipped: our " + tool + " is not in " + ours);
    }
    int every = Integer.getInteger("strata.corpus.every", 4);
    Set<String> open = openCases();
    boolean runOpen = Boolean.getBoolean("strata.corpus.open");
    CaseRunner runner = new CaseRunner(ours, peer);
    URI directory = Objects.requireNonNull(GoldenCorpusTest.class.getResource("/corpus")).toURI();
    Map<String, List<DynamicNode>> tests = new LinkedHashMap<>();
    for (CorpusCase each : CorpusSample.of(CaseFile.readAll(Path.of(directory)), every)) {
      boolean isOpen = open.contains(each.file() + "/" + each.title());
      if (isOpen && !runOpen) {
        continue;
      }
      Future<List<Difference>> result = POOL.submit(() -> runner.run(each));
      tests
          .computeIfAbsent(each.file(), file -> new ArrayList<>())
          .add(DynamicTest.dynamicTest(each.title(), () -> expect(isOpen, each.title(), result)));
    }
    return tests.entrySet().stream()
        .map(file -> DynamicContainer.dynamicContainer(file.getKey(), file.getValue()));
  }

  /** What is known to differ, a line each: {@code file/title}. */
  private static Set<String> openCases() throws IOException {
    try (InputStream list = GoldenCorpusTest.class.getResourceAsStream("/open-cases.txt")) {
      byte[] text = Objects.requireNonNull(list).readAllBytes();
      return Set.copyOf(
          new String(text, StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.isBlank() && !line.startsWith("#"))
              .toList());
    }
  }

  private static void expect(boolean open, String title, Future<List<Difference>> result)
      throws Throwable {
    if (!open) {
      expectNone(result);
      return;
    }
    try {
      assertFalse(
          result.get().isEmpty(), () -> title + " no longer differs: take it off open-cases.txt");
    } catch (ExecutionException e) {
      throw e.getCause();
    }
  }

  private static void expectNone(Future<List<Difference>> result) throws Throwable {
    StringBuilder differences = new StringBuilder();
    try {
      result.get().forEach(difference -> differences.append(difference.render()));
    } catch (ExecutionException e) {
      throw e.getCause();
    }
    assertEquals("", differences.toString());
  }

  private static Path ourTools() {
    String named = System.getProperty("strata.bin");
    if (named != null) {
      return Path.of(named).toAbsolutePath();
    }
    Path directory = Path.of("").toAbsolutePath();
    for (Path above = directory; above != null; above = above.getParent()) {
      if (Files.isDirectory(above.resolve("bin")) && Files.exists(above.resolve("test-images"))) {
        return above.resolve("bin");
      }
    }
    return directory.resolve("bin");
  }
}
