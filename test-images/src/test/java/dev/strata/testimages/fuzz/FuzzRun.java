// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Has Jazzer try inputs on one target, in a process whose heap and direct memory are bounded. What
 * it finds is in the folder.
 */
final class FuzzRun {
  private static final Pattern DONE = Pattern.compile("Done (\\d+) runs");
  private static final Pattern FOUND = Pattern.compile("(?m)^== Java Exception: (.*)$");
  private static final Pattern LAST_COUNT = Pattern.compile("(?m)^#(\\d+)\\s.*cov: (\\d+)");

  /** How much is tried. */
  record Budget(long runs, long seconds) {}

  /**
   * What came out.
   *
   * @param runs how many inputs were tried
   * @param branches how many branches of the code they took
   * @param finding the first failure, or null
   */
  record Outcome(long runs, long branches, String finding) {}

  /** Checks of Jazzer for programs that hand input to shells, databases and the like. */
  private static final List<String> SANITIZERS =
      Stream.of(
              "BigDecimal",
              "ClojureLangHooks",
              "Deserialization",
              "ExpressionLanguageInjection",
              "FilePathTraversal",
              "LdapInjection",
              "NamingContextLookup",
              "OsCommandInjection",
              "ReflectiveCall",
              "RegexInjection",
              "RegexRoadblocks",
              "ScriptEngineInjection",
              "ServerSideRequestForgery",
              "SqlInjection",
              "TemplateInjection",
              "UnsafeSanitizer",
              "XPathInjection",
              "XmlParserSsrfGuidance")
          .map(name -> "com.code_intelligence.jazzer.sanitizers." + name)
          .toList();

  private FuzzRun() {}

  /** Tries inputs; those that led somewhere are kept in the folder {@code corpus}. */
  static Outcome of(String target, Budget budget, long seed, Path folder) throws IOException {
    Path corpus = Files.createDirectories(folder.resolve("corpus"));
    Path temporary = Files.createDirectories(folder.resolve("tmp"));
    List<byte[]> seeds = Targets.named(target).seeds();
    for (int i = 0; i < seeds.size(); i++) {
      Files.write(corpus.resolve("seed-" + i), seeds.get(i));
    }
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder(command(target, budget, seed, temporary))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      if (!process.waitFor(budget.seconds() * 3 + 120, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return new Outcome(0, 0, "does not end: " + log);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    return outcome(
        new String(Files.readAllBytes(log), StandardCharsets.ISO_8859_1), process.exitValue(), log);
  }

  private static Outcome outcome(String text, int code, Path log) {
    Matcher last = LAST_COUNT.matcher(text);
    long runs = 0;
    long branches = 0;
    while (last.find()) {
      runs = Long.parseLong(last.group(1));
      branches = Long.parseLong(last.group(2));
    }
    Matcher found = FOUND.matcher(text);
    if (found.find()) {
      return new Outcome(runs, branches, found.group(1) + ": " + log);
    }
    Matcher done = DONE.matcher(text);
    if (code != 0 || !done.find()) {
      return new Outcome(runs, branches, "exit code " + code + ": " + log);
    }
    return new Outcome(Long.parseLong(done.group(1)), branches, null);
  }

  private static List<String> command(String target, Budget budget, long seed, Path temporary) {
    String classes =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    var words =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+EnableDynamicAgentLoading",
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:MaxDirectMemorySize=256m",
                "-Djava.io.tmpdir=" + temporary,
                "-D" + JazzerEntry.TARGET + "=" + target,
                "-cp",
                classes,
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + JazzerEntry.class.getName(),
                "--instrumentation_includes=dev.strata.block.**:dev.strata.formats.**:"
                    + "dev.strata.nbdserver.**:dev.strata.archive.**",
                "--disabled_hooks=" + String.join(":", SANITIZERS),
                "--custom_hook_includes=dev.strata.block.**:dev.strata.formats.**:"
                    + "dev.strata.nbdserver.**:dev.strata.archive.**",
                "-seed=" + seed,
                "-timeout=100",
                "-print_final_stats=0",
                "-close_fd_mask=0"));
    if (Targets.named(target).speaksOfDamage()) {
      // Comparisons, of which each is a call out of Java, are most of the time, and the language of
      // damage has the values already that they would lead to.
      words.add("--trace=cov");
    }
    if (budget.runs() > 0) {
      words.add("-runs=" + budget.runs());
    }
    if (budget.seconds() > 0) {
      words.add("-max_total_time=" + budget.seconds());
    }
    words.add("corpus");
    return words;
  }

  /** Tries one target, at most so much: {@code TARGET RUNS SECONDS FOLDER [SEED]}. */
  public static void main(String[] words) throws IOException {
    long seed = words.length > 4 ? Long.parseLong(words[4]) : 1;
    var budget = new Budget(Long.parseLong(words[1]), Long.parseLong(words[2]));
    System.out.println(words[0] + ": " + of(words[0], budget, seed, Path.of(words[3])));
  }
}
