// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import dev.strata.block.BlockException;
import dev.strata.testimages.crash.ImageKind;
import dev.strata.testimages.crash.MemoryFiles;
import dev.strata.testimages.crash.PreparedImage;
import dev.strata.testimages.crash.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One contest of users who take turns: over a copy of a kind's image in memory, with each call to
 * the memory a turn, and judged at its end.
 */
final class Race {
  /** What came of it. */
  record Outcome(int turns, long digest) {}

  private static final int USERS = 16;

  private static final int KILLS = 2;
  private static final int USUAL_CHANGES = 100; // of files, in a run

  /** Each call to the memory is a turn, and after some the files are put aside. */
  private final class Gate implements MemoryFiles.Gate {
    private int changes;

    @Override
    public long before(MemoryFiles.Call call, String name, long offset, long length) {
      Turns.point(call.name(), name, offset, offset + length);
      return length;
    }

    @Override
    public void after(MemoryFiles.Call call, String name) {
      if (call != MemoryFiles.Call.READ && killTimes.contains(++changes)) {
        killed.add(contest.kill());
      }
      Turns.point("done", name, 0, 0);
    }
  }

  private final Set<Integer> killTimes = new TreeSet<>();
  private final List<Killed> killed = new ArrayList<>();

  private final ImageKind kind;
  private final Contest contest;
  private final Turns turns;

  Race(ImageKind kind, Choice choice, @Nullable List<String> story, boolean smallCaches)
      throws BlockException {
    this.kind = kind;
    PreparedImage prepared = PreparedImage.of(kind);
    var files = new MemoryFiles();
    prepared.files().forEach((name, bytes) -> files.put(name, bytes));
    var options = new ArrayList<String>();
    if (kind.isQcow2() && smallCaches) {
      String size = String.valueOf(2L * kind.clusterSize());
      options.addAll(List.of("l2-cache-size", size, "refcount-cache-size", size));
    }
    this.contest = new Contest(kind, new Stage(files), prepared, options.toArray(String[]::new));
    this.turns = new Turns(choice, story);
    files.gate(new Gate());
  }

  Contest contest() {
    return contest;
  }

  /** One more user. */
  void add(Runnable user) {
    turns.add(user);
  }

  /** Sixteen users with a few deeds each. */
  void addUsers(long seed) {
    var random = new Random(seed);
    for (int i = 0; i < KILLS; i++) {
      killTimes.add(1 + random.nextInt(USUAL_CHANGES));
    }
    boolean version2 = kind.options().contains("compat=0.10");
    int play = random.nextInt(3);
    boolean resizes = play == 1 && kind.isQcow2() && !version2;
    if (resizes) {
      contest.floor(contest.length() - 3 * kind.clusterBlocks());
    }
    for (int i = 0; i < USERS; i++) {
      RaceUser.Role role = RaceUser.Role.GUEST;
      if (i < 2 && play < 2 && contest.hasSnapshots()) {
        role = play == 0 ? RaceUser.Role.REVERTER : RaceUser.Role.KEEPER;
      }
      if (i == 1 && resizes) {
        role = RaceUser.Role.RESIZER;
      }
      var user = new RaceUser(contest, role, i, random.nextLong());
      int deeds = 1 + random.nextInt(4);
      turns.add(() -> user.run(deeds));
    }
  }

  /** Runs and judges it. */
  Outcome run() throws Throwable {
    turns.run();
    for (Killed moment : killed) {
      contest.judge(moment);
    }
    contest.end();
    return new Outcome(turns.steps(), turns.digest());
  }
}
