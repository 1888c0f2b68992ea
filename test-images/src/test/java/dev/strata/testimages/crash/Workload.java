// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.BlockException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A sequence of operations on a kind of image, carried out once; then every state that a power cut
 * may have left is looked at.
 *
 * @param seed of the places that the operations choose, and of the states where not all are tried
 * @param samples how many states are tried where a cut leaves too many
 */
record Workload(ImageKind kind, List<Operation> sequence, long seed, int samples) {
  /** How many states there were: all, and those that differed and were looked at. */
  record Count(long generated, long distinct) {}

  private static final int MOST_TOLD = 40; // events in a message

  /**
   * Carries it out and looks at all; throws a {@link Violation} that says how to see it again.
   *
   * @param most how many states are looked at
   * @param endNanos of the system's timer: when to leave it
   */
  Count run(long most, long endNanos) throws IOException {
    try {
      return tryAll(most, endNanos);
    } catch (Violation e) {
      throw new Violation(
          e.getMessage()
              + "\n  kind "
              + kind.name()
              + ", seed "
              + seed
              + ", sequence "
              + Operation.words(sequence)
              + "\n  again: mvn -pl test-images -am verify -Dtest=CrashTest"
              + " -Dsurefire.failIfNoSpecifiedTests=false -Dstrata.crash.kind="
              + kind.name()
              + " -Dstrata.crash.seed="
              + seed
              + " -Dstrata.crash.sequence="
              + Operation.words(sequence),
          e);
    }
  }

  private Count tryAll(long most, long endNanos) throws IOException {
    PreparedImage prepared = PreparedImage.of(kind);
    var files = new MemoryFiles();
    Map<String, byte[]> before = new TreeMap<>();
    prepared
        .files()
        .forEach((name, bytes) -> {
          files.put(name, bytes);
          files.put(name + Recording.LOG, new byte[0]);
          before.put(name, bytes);
        });
    var model = new GuestModel(prepared.values());
    if (kind.has(ImageKind.Trait.SNAPSHOT)) {
      model.snapshotExists(PreparedImage.FIRST_SNAPSHOT, prepared.snapshot());
    }
    var recording = new Recording();
    files.watch(recording);
    var stage = new Stage(files);
    String backing = kind.has(ImageKind.Trait.BACKING) ? Stage.BASE : "";
    Map<String, long[]> bitmaps;
    Map<Integer, String> marks = new TreeMap<>();
    try (var guest = new Guest(kind, stage, recording, model, backing, seed)) {
      for (Operation operation : sequence) {
        marks.merge(recording.size(), operation.word(), (a, b) -> a + " " + b);
        guest.run(operation);
      }
      bitmaps = guest.bitmaps();
    } catch (BlockException e) {
      throw new Violation("the guest's operation fails", e);
    }
    List<Recording.Event> events = recording.events(files);
    var judge = new Judge(kind, model, bitmaps);
    Map<String, byte[]> after = new TreeMap<>();
    for (String name : before.keySet()) {
      after.put(name, files.get(name).toBytes());
    }
    judge.lookAtEnd(after);
    var looked = new long[1];
    var cuts =
        new PowerCuts(
            before,
            events,
            model,
            seed,
            samples,
            (state, cut, how) -> {
              try {
                judge.look(state, cut);
              } catch (Violation e) {
                keep(state);
                throw new Violation(
                    e.getMessage()
                        + "\n  after event "
                        + cut
                        + " of "
                        + events.size()
                        + ", "
                        + how
                        + ":"
                        + story(events, marks, cut),
                    e);
              }
              return ++looked[0] < most && System.nanoTime() - endNanos < 0;
            });
    cuts.run();
    if (!cuts.ended()) {
      checkLast(cuts.last(), after);
    }
    return new Count(cuts.generated(), cuts.distinct());
  }

  /** Puts a state where it can be looked at by other means, if anybody wants to. */
  private static void keep(Map<String, MemoryFile> state) throws IOException {
    String folder = System.getProperty("strata.crash.keep");
    if (folder != null) {
      Files.createDirectories(Path.of(folder));
      for (Map.Entry<String, MemoryFile> file : state.entrySet()) {
        Files.write(Path.of(folder, file.getKey()), file.getValue().toBytes());
      }
    }
  }

  /** The events before a cut. */
  private static String story(List<Recording.Event> events, Map<Integer, String> marks, int cut) {
    var text = new StringBuilder();
    for (int i = Math.max(0, cut - MOST_TOLD); i < cut; i++) {
      if (marks.containsKey(i)) {
        text.append("\n    ").append(marks.get(i));
      }
      Recording.Event event = events.get(i);
      text.append("\n      ").append(i).append(' ').append(event.file()).append(' ');
      text.append(event.kind()).append(' ').append(Integer.toHexString(event.offset()));
      text.append('+').append(Integer.toHexString(event.length()));
    }
    return text.toString();
  }

  /** The log is all that was written: the last state is what the files hold. */
  private static void checkLast(Map<String, byte[]> last, Map<String, byte[]> after) {
    for (String name : after.keySet()) {
      if (!Arrays.equals(last.get(name), after.get(name))) {
        throw new Violation("the log of " + name + " is not all that was written");
      }
    }
  }
}
