// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.corpus;

import dev.strata.testimages.corpus.CorpusCase.Step;
import dev.strata.testimages.corpus.Shell.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Runs a case twice, with the real tools and with ours, each in its own new directory, and tells
 * what differs. The oracle is the real tool in the same run, never a stored output.
 *
 * @param ours directory with our qemu-img and qemu-io
 * @param peer directory with the real ones
 */
record CaseRunner(Path ours, Path peer) {

  private static final int ATTEMPTS = 10;
  private static final String UNMEASURED = "Unable to get accurate CPU usage";

  /**
   * Thrown when a case's scene could not be set: the case is wrong, or the host lacks something.
   */
  static final class SetupFailed extends IOException {
    private static final long serialVersionUID = 1;

    SetupFailed(String message) {
      super(message);
    }
  }

  /** Returns what differs; nothing if the case passes. Both tools hanging alike is no pass. */
  List<Difference> run(CorpusCase test) throws IOException, InterruptedException {
    Path root = Files.createTempDirectory("corpus");
    try {
      Path peerScratch = root.resolve("peer");
      Path ourScratch = Files.createDirectory(root.resolve("ours"));
      Path judge = Files.createDirectory(root.resolve("judge"));
      List<Outcome> theirs = executeByPeer(test, peerScratch);
      List<Outcome> found = execute(test, ourScratch, ours);
      List<Difference> differences = new ArrayList<>();
      int index = 0;
      for (Step step : test.steps()) {
        if (step instanceof Step.Tested tested) {
          if (theirs.get(index).exitCode() < 0) {
            throw new SetupFailed(tested.command() + "\n  took the real tool too long");
          }
          compare(
              test,
              tested.command(),
              new Comparison(theirs.get(index), peerScratch),
              new Comparison(found.get(index), ourScratch),
              differences);
          index++;
        }
      }
      new ResultingFiles(new Shell(judge, peer), peerScratch, ourScratch, test.allowances())
          .compare(differences);
      return differences;
    } finally {
      delete(root);
    }
  }

  /** Returns what the real tools do: every line under test with what it said. */
  String observe(CorpusCase test) throws IOException, InterruptedException {
    Path root = Files.createTempDirectory("corpus");
    try {
      Path scratch = root.resolve("peer");
      StringBuilder text = new StringBuilder();
      List<Outcome> outcomes = executeByPeer(test, scratch);
      int index = 0;
      for (Step step : test.steps()) {
        if (step instanceof Step.Tested tested) {
          Outcome outcome = outcomes.get(index++);
          text.append("$ ").append(tested.command()).append('\n');
          text.append(VaryingText.hide(outcome.stdout(), scratch, test.allowances()));
          text.append(VaryingText.hide(outcome.stderr(), scratch, test.allowances()));
          if (outcome.exitCode() != 0) {
            text.append("[exit code ").append(outcome.exitCode()).append("]\n");
          }
        }
      }
      return text.toString();
    } finally {
      delete(root);
    }
  }

  private record Comparison(Outcome outcome, Path scratch) {}

  private static void compare(
      CorpusCase test,
      String command,
      Comparison theirs,
      Comparison ours,
      List<Difference> differences) {
    addIfDifferent(
        differences,
        command,
        "exit code",
        theirs.outcome().exitCode() + "\n",
        ours.outcome().exitCode() + "\n");
    addIfDifferent(
        differences,
        command,
        "stdout",
        VaryingText.hide(theirs.outcome().stdout(), theirs.scratch(), test.allowances()),
        VaryingText.hide(ours.outcome().stdout(), ours.scratch(), test.allowances()));
    addIfDifferent(
        differences,
        command,
        "stderr",
        VaryingText.hide(theirs.outcome().stderr(), theirs.scratch(), test.allowances()),
        VaryingText.hide(ours.outcome().stderr(), ours.scratch(), test.allowances()));
  }

  private static void addIfDifferent(
      List<Difference> differences, String command, String what, String theirs, String ours) {
    if (!theirs.equals(ours)) {
      differences.add(new Difference(command, what, theirs, ours));
    }
  }

  /**
   * The real tools, in a new directory. They measure how fast keys are derived by the processor
   * time of a thread, and now and then find it to be none: then they are asked again, from the
   * beginning.
   */
  private List<Outcome> executeByPeer(CorpusCase test, Path scratch)
      throws IOException, InterruptedException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Files.createDirectory(scratch);
      List<Outcome> outcomes = execute(test, scratch, peer);
      if (outcomes.stream().noneMatch(each -> each.stderr().contains(UNMEASURED))) {
        return outcomes;
      }
      delete(scratch);
    }
    throw new SetupFailed(test.title() + "\n  the real tool found no processor time to measure");
  }

  private List<Outcome> execute(CorpusCase test, Path scratch, Path tools)
      throws IOException, InterruptedException {
    Shell setup = new Shell(scratch, peer);
    Shell tested = new Shell(scratch, tools);
    List<Outcome> outcomes = new ArrayList<>();
    List<Process> holders = new ArrayList<>();
    try {
      for (Step step : test.steps()) {
        switch (step) {
          case Step.Noise noise -> writeNoise(scratch, noise);
          case Step.Holder holder -> holders.add(setup.hold(holder.command()));
          case Step.Tested line -> outcomes.add(tested.run(line.command()));
          case Step.Setup line -> {
            Outcome outcome = setup.run(line.command());
            if (outcome.exitCode() != 0) {
              throw new SetupFailed(
                  line.command()
                      + "\n  ended with exit code "
                      + outcome.exitCode()
                      + "\n"
                      + outcome.stdout()
                      + outcome.stderr());
            }
          }
        }
      }
    } finally {
      holders.forEach(Shell::end);
    }
    return outcomes;
  }

  private static void writeNoise(Path scratch, Step.Noise noise) throws IOException {
    Random random = new Random(noise.seed());
    byte[] bytes = new byte[Math.toIntExact(noise.sizeBytes())];
    random.nextBytes(bytes);
    Files.write(scratch.resolve(noise.fileName()), bytes);
  }

  private static void delete(Path root) throws IOException {
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(root)) {
      paths = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.deleteIfExists(path);
    }
  }
}
