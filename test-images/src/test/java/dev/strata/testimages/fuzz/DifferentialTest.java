// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import dev.strata.imgtool.command.Commands;
import dev.strata.monitor.commandline.Subcommand;
import dev.strata.monitor.commandline.Terminal;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damaged images are judged as the real {@code qemu-img} judges them: the same exit code of check,
 * info, map and convert, and the same bytes. System properties: {@code strata.long} for 3000
 * images; {@code strata.differential.images} for another number, {@code strata.differential.seed};
 * {@code strata.differential.script} for one image, as {@code FORMAT:HEX}.
 */
final class DifferentialTest {
  private static final int SHORT = 15; // one of each format at least
  private static final int LONG = 3000;
  private static final long MOST_CONVERTED = 64 << 20;
  private static final int QCOW2_SHARE = 6;
  private static final int TIMEOUT_SECONDS = 20;
  private static final PrintStream NOWHERE = new PrintStream(OutputStream.nullOutputStream());

  @TempDir Path folder;

  private static boolean isInstalled() {
    return new File("/usr/bin/qemu-img").canExecute();
  }

  /**
   * What is damaged. What is locked is not, as nobody could convert it, nor archives, which the
   * reference does not read.
   */
  private static List<FuzzedFormat> formats() {
    var all = new ArrayList<FuzzedFormat>();
    for (String name :
        Stream.concat(FuzzedFormat.WRITABLE.stream(), FuzzedFormat.READABLE.stream()).toList()) {
      FuzzedFormat format = FuzzedFormat.named(name);
      if (!format.isLocked() && !name.equals("archive")) {
        all.addAll(Collections.nCopies(name.equals("qcow2") ? QCOW2_SHARE : 1, format));
      }
    }
    return all;
  }

  /**
   * To the reference, what belongs to a Parallels format extension is a leak, and ADC and LZFSE in
   * a dmg are nothing that it knows.
   */
  private static boolean goesFurther(FuzzedFormat format, byte[] image, int their) {
    return switch (format.name()) {
      case "parallels" -> their == 3 && image.length >= 64 && format.number(image, 56) != 0;
      case "dmg" -> their == 1 && ForeignSeeds.holdsRarities(image);
      default -> false;
    };
  }

  @Test
  void damagedImagesAreJudgedAsTheRealToolsDo() throws Exception {
    assumeTrue(isInstalled(), "no /usr/bin/qemu-img");
    List<FuzzedFormat> kinds = formats();
    String only = System.getProperty("strata.differential.script");
    if (only != null) {
      assertEquals("", difference(only));
      return;
    }
    int images =
        Integer.getInteger(
            "strata.differential.images", Boolean.getBoolean("strata.long") ? LONG : SHORT);
    long seed = Long.getLong("strata.differential.seed", 1);
    var mutations = new ArrayList<Mutations>();
    for (FuzzedFormat kind : kinds) {
      mutations.add(
          new Mutations(ImageTarget.Scripts.of(kind.sound().size()), seed + mutations.size()));
    }
    var differences = new ArrayList<String>();
    for (int i = 0; i < images; i++) {
      int which = i % kinds.size();
      byte[] script = mutations.get(which).next();
      if (script.length > 0 && (script[0] & 0xff) == Damage.RAW) {
        script[0] = 0; // what is no image at all is of no interest here
      }
      String difference = difference(kinds.get(which), script);
      if (!difference.isEmpty()) {
        differences.add(difference);
      }
    }
    Files.write(Path.of("target", "differences.txt"), differences, StandardCharsets.UTF_8);
    System.out.println("differential: " + images + " images, " + differences.size() + " differ");
    assertTrue(differences.size() * 100 <= images, () -> String.join("\n", differences));
  }

  @Test
  void soundImagesAreReadAsTheRealToolsDo() throws Exception {
    assumeTrue(isInstalled(), "no /usr/bin/qemu-img");
    var differences = new StringBuilder();
    for (FuzzedFormat format : Set.copyOf(formats())) {
      for (int i = 0; i < format.sound().size(); i++) {
        differences.append(difference(format, new byte[] {(byte) i}));
      }
    }
    assertEquals("", differences.toString());
  }

  /**
   * What once made a difference: extensions, snapshots' tables, names with a NUL, a raw data file
   * that is not there, clusters beside a sector or behind the last whole one, checksums.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "qcow2:0206000e0a03000b030000",
        "qcow2:05010011090000",
        "qcow2:37027b2e221f25ffdc228c090011092e00",
        "qcow2:09b7000e063acf80800b3d19ff0ea02e00da",
        "qcow2:09060065bc222e25790e060000",
        "qcow2:99cf259625ff3a66ad0601",
        "qcow2:b403000b030020002c4f4e742e25",
        "qcow:01090003000b030000",
        "qcow:01a7397b3d09001109e8930225ff8bd07f6b7b0000",
        "qed:0025ee2c227b252e7f2ada06ff0e066e2ed7ff2271252ed3892c250098",
        "dmg:2c23000b03002e5b6a5f"
      })
  void whatOnceMadeADifferenceMakesNone(String script) throws Exception {
    assumeTrue(isInstalled(), "no /usr/bin/qemu-img");
    assertEquals("", difference(script));
  }

  /** Of a script with its format. */
  private String difference(String script) throws Exception {
    String[] parts = script.split(":", 2);
    return difference(FuzzedFormat.named(parts[0]), HexFormat.of().parseHex(parts[1]));
  }

  private String difference(FuzzedFormat kind, byte[] script) throws Exception {
    byte[] image = kind.image(script);
    Files.write(folder.resolve(Disk.IMAGE), image);
    Files.write(folder.resolve(Seeds.BASE), Seeds.base());
    Files.write(folder.resolve(Seeds.DATA), Seeds.data());
    String name = folder.resolve(Disk.IMAGE).toString();
    var text = new StringBuilder();
    var commands = new ArrayList<>(List.of("check", "info"));
    if (size(kind, image) <= MOST_CONVERTED) {
      commands.addAll(List.of("map", "convert"));
    }
    for (String command : commands) {
      Path theirs = folder.resolve("theirs");
      Path ours = folder.resolve("ours");
      int their = real(words(command, kind.name(), name, theirs));
      int our = own(words(command, kind.name(), name, ours));
      boolean same = their == our || (our == 0 && goesFurther(kind, image, their));
      if (same && command.equals("convert") && their == 0 && our == 0) {
        same = Files.mismatch(theirs, ours) < 0;
      }
      if (!same) {
        text.append(' ').append(command).append(' ').append(their).append('/').append(our);
      }
    }
    if (java.util.Arrays.compare(image, Files.readAllBytes(folder.resolve(Disk.IMAGE))) != 0) {
      text.append(" the image is changed");
    }
    return text.isEmpty() ? "" : kind.name() + ":" + HexFormat.of().formatHex(script) + text;
  }

  /** How large the disk is, or 0 if nobody can tell. */
  private static long size(FuzzedFormat kind, byte[] image) {
    var disk = new Disk();
    disk.folder(false).with(Disk.IMAGE, image).with(Seeds.DATA, Seeds.data());
    var size = new long[1];
    try {
      disk.use(false, false, kind.options().copy(), backend -> size[0] = backend.length());
    } catch (BlockException e) {
      return 0;
    }
    return size[0];
  }

  private static List<String> words(String command, String format, String image, Path target) {
    var words = new ArrayList<>(List.of(command, "-f", format));
    if (command.equals("map")) {
      words.add("--output=json");
    } else if (command.equals("convert")) {
      words.addAll(List.of("-O", "raw"));
    }
    words.add(image);
    if (command.equals("convert")) {
      words.add(target.toString());
    }
    return words;
  }

  private static int own(List<String> words) {
    Subcommand command = Commands.find(words.getFirst());
    try {
      return command.run(
          words.subList(1, words.size()), new Terminal("qemu-img", NOWHERE, NOWHERE));
    } catch (BlockException e) {
      return 1; // as the program does
    }
  }

  private int real(List<String> words) throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of("/usr/bin/qemu-img"));
    all.addAll(words);
    Process process =
        new ProcessBuilder(all)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return -1;
    }
    return process.exitValue();
  }
}
