// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.corpus;

import dev.strata.testimages.corpus.CorpusCase.Allowance;
import dev.strata.testimages.corpus.Shell.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Compares what two runs left on disk. Files with the same bytes are equal; two images with
 * different bytes are equal when the real tools find them so: description, check, allocation,
 * guest-visible data, each snapshot's data, each bitmap's bits.
 *
 * @param shell runs the real tools in a directory beside both
 */
record ResultingFiles(Shell shell, Path theirs, Path ours, Set<Allowance> allowances) {
  private static final long LARGE = 256L << 20; // bytes
  private static final Pattern SNAPSHOT_ID = Pattern.compile("^(\\d+) +", Pattern.MULTILINE);
  private static final Pattern MAP_ROW =
      Pattern.compile("\\{ \"start\": (\\d+), \"length\": \\d+, ([^}]*)\\}");
  private static final Pattern BITMAP =
      Pattern.compile(
          "\\{\\s*\"flags\": \\[([^\\]]*)\\],\\s*\"name\": \"([^\"]*)\",\\s*\"granularity\"");

  void compare(List<Difference> differences) throws IOException, InterruptedException {
    Set<String> names = new TreeSet<>(fileNames(theirs));
    names.addAll(fileNames(ours));
    for (String name : names) {
      Path their = theirs.resolve(name);
      Path our = ours.resolve(name);
      String theirState = state(their);
      String ourState = state(our);
      if (!theirState.equals(ourState)) {
        differences.add(new Difference(name, "file", theirState + "\n", ourState + "\n"));
      } else if (Files.isRegularFile(their)) {
        // Where raw files may differ, an image of equal bytes may have its data in such a file.
        if (allowances.contains(Allowance.RAW_FILES) || !sameBytes(their, our)) {
          compareContent(name, their, our, differences);
        }
      }
    }
  }

  private static List<String> fileNames(Path directory) throws IOException {
    try (Stream<Path> walk = Files.walk(directory)) {
      return walk.filter(p -> !Files.isDirectory(p))
          .map(p -> directory.relativize(p).toString())
          .toList();
    }
  }

  private static String state(Path file) throws IOException {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return "absent";
    }
    return "present, "
        + PosixFilePermissions.toString(
            Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS));
  }

  // Of a large file only the data is read, which qemu-img knows how to find: it may be all hole.
  private boolean sameBytes(Path their, Path our) throws IOException, InterruptedException {
    if (Files.size(their) != Files.size(our)) {
      return false;
    }
    if (Files.size(their) <= LARGE) {
      return Files.mismatch(their, our) < 0;
    }
    return shell
            .run("qemu-img compare -f raw -F raw " + quoted(their) + " " + quoted(our))
            .exitCode()
        == 0;
  }

  private void compareContent(String name, Path their, Path our, List<Difference> differences)
      throws IOException, InterruptedException {
    String format = format(their);
    if (!format.equals(format(our))) {
      differences.add(new Difference(name, "format", format + "\n", format(our) + "\n"));
    } else if (format.equals("raw")) {
      if (!allowances.contains(Allowance.RAW_FILES)) {
        String where =
            Files.size(their) > LARGE
                ? ""
                : ", first difference at byte " + Files.mismatch(their, our);
        differences.add(
            new Difference(
                name,
                "content" + where,
                Files.size(their) + " bytes\n",
                Files.size(our) + " bytes\n"));
      }
    } else {
      compareImages(name, format, differences);
    }
  }

  private static String format(Path file) throws IOException {
    byte[] magic;
    try (InputStream in = Files.newInputStream(file)) {
      magic = in.readNBytes(16);
    }
    String text = new String(magic, StandardCharsets.ISO_8859_1);
    if (text.startsWith("QFI\u00fb")) {
      return "qcow2";
    }
    if (text.startsWith("KDMV") || text.startsWith("# Disk Descripto")) {
      return "vmdk";
    }
    return text.equals("WithoutFreeSpace") || text.equals("WithouFreSpacExt") ? "parallels" : "raw";
  }

  private void compareImages(String name, String format, List<Difference> differences)
      throws IOException, InterruptedException {
    Outcome info = peer("info --output=json -f " + format, theirs, name);
    same(name, "info", info, peer("info --output=json -f " + format, ours, name), differences);
    if (info.exitCode() != 0) {
      differences.add(
          new Difference(
              name, "bytes, though the real tool opens neither image", info.stderr(), ""));
      return;
    }
    same(
        name,
        "check",
        verdict(peer("check --output=json -f " + format, theirs, name)),
        verdict(peer("check --output=json -f " + format, ours, name)),
        differences);
    if (!allowances.contains(Allowance.ALLOCATION)) {
      same(
          name,
          "map without host offsets",
          withoutOffsets(peer("map --output=json -f " + format, theirs, name)),
          withoutOffsets(peer("map --output=json -f " + format, ours, name)),
          differences);
    }
    if (info.stdout().contains("\"data-file\"")) {
      compareGuestData(name, "guest-visible data", "-f " + format, differences);
    } else {
      Outcome compared =
          shell.run(
              "qemu-img compare "
                  + "-f %1$s -F %1$s %2$s %3$s"
                      .formatted(format, quoted(theirs.resolve(name)), quoted(ours.resolve(name))));
      if (compared.exitCode() > 1 && format.equals("qcow2")) {
        // The backing file is missing, which is the point of some cases: look at the image alone.
        compared =
            shell.run(
                "qemu-img compare "
                    + "--image-opts %s %s".formatted(alone(theirs, name), alone(ours, name)));
      }
      if (compared.exitCode() != 0) {
        differences.add(
            new Difference(
                name,
                "guest-visible data",
                "Images are identical.\n",
                compared.stdout() + compared.stderr()));
      }
    }
    compareSnapshots(name, differences);
    compareBitmaps(name, info.stdout(), differences);
  }

  private static String alone(Path directory, String name) {
    return quoted(Path.of("driver=qcow2,backing=,file.filename=" + directory.resolve(name)));
  }

  private void compareSnapshots(String name, List<Difference> differences)
      throws IOException, InterruptedException {
    Outcome list = peer("snapshot -l", theirs, name);
    Matcher matcher = SNAPSHOT_ID.matcher(list.stdout());
    while (matcher.find()) {
      String id = matcher.group(1);
      compareGuestData(name, "data of snapshot " + id, "-l snapshot.id=" + id, differences);
    }
  }

  private void compareGuestData(
      String name, String what, String source, List<Difference> differences)
      throws IOException, InterruptedException {
    List<Path> copies = new ArrayList<>();
    for (Path directory : List.of(theirs, ours)) {
      Path copy = directory.resolveSibling(directory.getFileName() + ".guest");
      Files.deleteIfExists(copy);
      copies.add(copy);
      Outcome outcome =
          in(directory)
              .run(
                  String.format(
                      "qemu-img convert %s -O raw %s %s",
                      source, quoted(directory.resolve(name)), quoted(copy)));
      if (outcome.exitCode() != 0) {
        differences.add(new Difference(name, what + " cannot be read", "", outcome.stderr()));
        return;
      }
    }
    long mismatch = Files.mismatch(copies.get(0), copies.get(1));
    if (mismatch >= 0) {
      differences.add(new Difference(name, what, "", "differs from byte " + mismatch + " on\n"));
    }
  }

  private void compareBitmaps(String name, String info, List<Difference> differences)
      throws IOException, InterruptedException {
    Matcher matcher = BITMAP.matcher(info);
    while (matcher.find()) {
      if (!matcher.group(1).contains("in-use")) {
        String bitmap = matcher.group(2);
        same(
            name,
            "bits of bitmap " + bitmap,
            bits(theirs, name, bitmap),
            bits(ours, name, bitmap),
            differences);
      }
    }
  }

  // qemu-img has no way to show a bitmap's bits, NBD has: "data": false stands for a dirty range.
  private Outcome bits(Path directory, String name, String bitmap)
      throws IOException, InterruptedException {
    return in(directory)
        .run(
            String.format(
                // A socket's name has room for 107 characters, too few for some scratch
                // directories.
                "d=$(mktemp -d /tmp/corpusXXXXXX); trap 'rm -rf $d' EXIT"
                    + "; qemu-nbd -r -f qcow2 -k $d/socket --pid-file=$d/pid --fork -B '%s' %s"
                    + " || exit; pid=$(cat $d/pid); qemu-img map --output=json --image-opts"
                    + " driver=nbd,server.type=unix,server.path=$d/socket,"
                    + "x-dirty-bitmap='qemu:dirty-bitmap:%s'"
                    + "; result=$?; kill $pid 2>/dev/null"
                    + "; while kill -0 $pid 2>/dev/null; do sleep 0.01; done; exit $result",
                bitmap, quoted(directory.resolve(name)), bitmap));
  }

  private Outcome peer(String subcommand, Path directory, String name)
      throws IOException, InterruptedException {
    return in(directory).run("qemu-img " + subcommand + " " + quoted(directory.resolve(name)));
  }

  // A data file's name counts from the current directory, not from the image's as a backing file's.
  private Shell in(Path directory) {
    return new Shell(directory, shell.tools());
  }

  private void same(
      String name, String what, Outcome left, Outcome right, List<Difference> differences) {
    String leftText = text(left, theirs);
    String rightText = text(right, ours);
    if (!leftText.equals(rightText)) {
      differences.add(new Difference(name, what, leftText, rightText));
    }
  }

  private static String text(Outcome outcome, Path directory) {
    return VaryingText.hide(
        "exit code " + outcome.exitCode() + "\n" + outcome.stdout() + outcome.stderr(),
        directory,
        EnumSet.noneOf(Allowance.class));
  }

  // Where clusters lie and how many there are is the size on disk; what is wrong with them is not.
  private static Outcome verdict(Outcome check) {
    StringBuilder kept = new StringBuilder();
    for (String line : check.stdout().lines().toList()) {
      if (line.contains("corruptions") || line.contains("leaks") || line.contains("errors")) {
        kept.append(line.replace(",", "")).append('\n');
      }
    }
    return new Outcome(kept.toString(), check.stderr(), check.exitCode());
  }

  // Neighbours that differ only in where they lie on the host become one run.
  private static Outcome withoutOffsets(Outcome map) {
    StringBuilder runs = new StringBuilder();
    String lastKind = "";
    Matcher row = MAP_ROW.matcher(map.stdout());
    while (row.find()) {
      String kind = row.group(2).replaceAll(", \"offset\": \\d+", "");
      if (!kind.equals(lastKind)) {
        runs.append("from ").append(row.group(1)).append(": ").append(kind).append('\n');
        lastKind = kind;
      }
    }
    return new Outcome(runs.toString(), map.stderr(), map.exitCode());
  }

  private static String quoted(Path path) {
    return "'" + path + "'";
  }
}
