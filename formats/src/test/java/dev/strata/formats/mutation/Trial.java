// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.mutation;

import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.Checkable.Repair;
import dev.strata.block.driver.Checkable.Result;
import dev.strata.block.driver.NodeFlags;
import dev.strata.formats.TestDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One damaged image and all that is done to it. What must be true of any image is here:
 *
 * <ul>
 *   <li>a failure is a {@code BlockException} ({@link Steps}),
 *   <li>who only reads changes nothing, a check without repair included,
 *   <li>after a repair that says that it worked, a second check finds nothing; otherwise it finds
 *       the same again,
 *   <li>a repaired image stays sound, whatever is done to it,
 *   <li>guest bytes that nothing wrong touches stay what they were, through repairs and writes.
 * </ul>
 */
final class Trial {
  private static final String UNMARKED =
      "ERROR OFLAG_COPIED .*_entry=[0-7]?[0-9a-f]{0,15} refcount=1";

  /** Of a main file that is looked at as a whole: it may have grown to where an entry points. */
  private static final long MAX_SIZE = 8 << 20;

  private static final NodeFlags CHECK = NodeFlags.READ_ONLY.withCheck(true);
  private static final NodeFlags REPAIR = CHECK.withWritable(true).withUnmap(true);
  private static final NodeFlags WRITE = NodeFlags.READ_ONLY.withWritable(true).withUnmap(true);

  private final Seed seed;
  private final ImageBytes damagedImage;
  private final byte[] damaged;
  private final Path folder;
  private final Path image;
  private final Steps steps = new Steps();
  private final Content.Range safe;
  private boolean checkable; // as it was found

  /**
   * Of that image, in a folder for it alone.
   *
   * @param damaged the main file
   */
  Trial(Seed seed, ImageBytes damaged, Path folder) {
    this.seed = seed;
    this.damagedImage = damaged;
    this.damaged = damaged.toArray();
    this.folder = folder;
    this.image = folder.resolve("disk." + seed.format());
    this.safe = seed.soundness().apply(damaged);
  }

  Steps steps() {
    return steps;
  }

  void run() throws IOException {
    writeFiles();
    Content before = readOnly();
    writeFiles();
    repair(Repair.LEAKS);
    writeFiles();
    if (repair(Repair.ALL)) {
      requireSame(before, "repair", safe);
      useRepaired();
    }
    writeFiles();
    use(before);
  }

  void writeFiles() throws IOException {
    for (Map.Entry<String, byte[]> file : seed.others().entrySet()) {
      Files.write(folder.resolve(file.getKey()), file.getValue());
    }
    // Anew: what was beyond its end must not come back.
    Files.deleteIfExists(image);
    Files.write(image, damaged);
  }

  /** An open image. */
  @FunctionalInterface
  private interface Use {
    void of(TestDisk disk) throws Exception;
  }

  private boolean open(String name, NodeFlags flags, Use use) {
    return steps.attempt(
        name,
        () -> {
          boolean dataFile = seed.others().containsKey(Seed.DATA_FILE);
          TestDisk disk =
              TestDisk.open(image, flags, Seed.options(seed.format(), folder, dataFile));
          try {
            use.of(disk);
          } finally {
            steps.attempt("close after: " + name, disk::close);
          }
        });
  }

  private Content readOnly() throws IOException {
    Content[] content = {Content.NONE};
    steps.attempt("open by its content", () -> TestDisk.open(image, NodeFlags.READ_ONLY).close());
    open(
        "open to read",
        NodeFlags.READ_ONLY,
        disk -> {
          content[0] = Content.of(disk.backend(), steps);
          Content.readElsewhere(disk.backend(), steps);
          new Uses(disk, steps).inspect();
        });
    open("open for snapshots", NodeFlags.READ_ONLY, d -> new Uses(d, steps).loadSnapshots());
    open(
        "open for metadata", NodeFlags.READ_ONLY.withNoIo(true), d -> new Uses(d, steps).inspect());
    checkable = open("open to check", CHECK, disk -> check(disk, Repair.NONE));
    if (Files.size(image) != damaged.length || !Arrays.equals(Files.readAllBytes(image), damaged)) {
      throw new Violation("reading changed the image", null);
    }
    return content[0];
  }

  /** What a check found, and its lines. */
  private record Findings(Result result, List<String> lines) {
    boolean clean() {
      return result.corruptions() + result.leaks() + result.checkErrors() == harmless();
    }

    /** What was shared and no longer is may be copied once more than it has to. */
    private long harmless() {
      return lines.stream().filter(line -> line.matches(UNMARKED)).count();
    }
  }

  private @Nullable Findings check(TestDisk disk, Repair repair) {
    var known = disk.node().capability(Checkable.class);
    if (known.isEmpty()) {
      return null; // some formats have nothing that can be checked
    }
    Checkable checkable = known.get();
    var lines = new ArrayList<String>();
    var listener =
        new Checkable.Listener() {
          @Override
          public void found(String line) {
            if (lines.size() < 1000) {
              lines.add(line);
            }
          }

          @Override
          public void progress(long done, long total) {
            if (done < 0 || done > total) {
              throw new Violation("progress of " + done + " of " + total, null);
            }
          }
        };
    Findings[] findings = {null};
    steps.attempt(
        "check, repair " + repair,
        () -> findings[0] = new Findings(checkable.check(repair, listener), lines));
    return findings[0];
  }

  private @Nullable Findings recheck() {
    Findings[] findings = {null};
    open("open to check again", CHECK, disk -> findings[0] = check(disk, Repair.NONE));
    return findings[0];
  }

  /** Whether a repair said that all is well then. */
  private boolean repair(Repair repair) {
    Findings[] done = {null, null};
    boolean closed =
        open(
            "open to repair " + repair,
            REPAIR,
            disk -> {
              done[0] = check(disk, repair);
              done[1] = done[0] == null ? null : check(disk, Repair.NONE);
            });
    Findings repaired = done[0];
    if (!closed || repaired == null) {
      return false;
    }
    boolean worked = repaired.result.corruptions() == 0 && repaired.result.checkErrors() == 0;
    Findings again = recheck();
    if (again == null && !checkable) {
      return false;
    }
    if (again == null) {
      throw new Violation("repaired " + repair + ", and can no longer be checked", null);
    }
    if (!seed.repairsLeaks() && again.result.leaks() > 0) {
      return false;
    }
    if (worked && repair == Repair.ALL && !again.clean()) {
      throw new Violation("repaired, and not sound: " + again.result + " " + again.lines, null);
    }
    if (done[1] != null && !done[1].lines.equals(again.lines)) {
      throw new Violation(
          "a check finds something else when the image is opened again: "
              + done[1].lines
              + " and then "
              + again.lines,
          null);
    }
    return worked && repair == Repair.ALL;
  }

  private void useRepaired() throws IOException {
    if (Files.size(image) > MAX_SIZE) {
      return;
    }
    var bytes = damagedImage.with(Files.readAllBytes(image));
    Soundness repaired = seed.soundness().apply(bytes);
    Content[] before = {Content.NONE};
    open(
        "open repaired image",
        NodeFlags.READ_ONLY,
        d -> before[0] = Content.of(d.backend(), steps));
    open(
        "write repaired image",
        WRITE,
        disk -> {
          var uses = new Uses(disk, steps);
          uses.write(0x11);
          uses.passThroughSnapshot(0x22);
        });
    requireSame(before[0], "writes to a repaired image", repaired);
    if (!repaired.isSeparate()) {
      return; // who writes one thing has changed the other
    }
    requireSound("writes to a repaired image");
    open("change repaired image", WRITE, disk -> new Uses(disk, steps).change());
    requireSound("changes of a repaired image");
  }

  private void requireSound(String after) {
    Findings findings = recheck();
    if (findings == null) {
      throw new Violation("cannot be checked after " + after, null);
    }
    if (!findings.clean()) {
      throw new Violation("not sound after " + after + ": " + findings.lines, null);
    }
  }

  private void requireSame(Content before, String after, Content.Range range) {
    open(
        "open after " + after,
        NodeFlags.READ_ONLY,
        disk -> {
          long length = disk.backend().length();
          before.requireKept(
              Content.of(disk.backend(), steps),
              after,
              (offset, bytes) ->
                  range.contains(offset, bytes) && !Uses.isWritten(length, offset, bytes));
        });
  }

  /** As users do who know of no damage. */
  private void use(Content before) {
    open(
        "open to write",
        WRITE,
        disk -> {
          var uses = new Uses(disk, steps);
          uses.write(0x33);
          uses.passThroughSnapshot(0x44);
        });
    requireSame(before, "writes to a damaged image", safe);
    open("open to change", WRITE, disk -> new Uses(disk, steps).change());
    readAgain();
    recheck();
  }

  private void readAgain() {
    open("open what is left", NodeFlags.READ_ONLY, disk -> Content.of(disk.backend(), steps));
  }
}
