// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.imgtool.QemuImg;
import dev.strata.monitor.commandline.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each format's images, made by the reference (LUKS by ours), are converted to each format by ours,
 * and compared by the reference. {@code strata.long} has it take all pairs and patterns.
 */
final class EveryPairTest {
  private static final List<String> FORMATS =
      List.of("raw", "qcow2", "qcow", "qed", "parallels", "vdi", "vhdx", "vmdk", "vpc", "luks");
  private static final String SECRET = "secret,id=key,data=every-pair";

  /** So that in as many pairs as there are formats, each is once on each side. */
  private static final int STEP = 3;

  /** The images, made when they are first asked for. */
  @TempDir static Path sources;

  @TempDir Path work;

  record Pair(String from, String to, Pattern pattern) {
    @Override
    public String toString() {
      return from + " to " + to + ", " + pattern;
    }
  }

  static Stream<Pair> pairs() {
    var all = new ArrayList<Pair>();
    int count = FORMATS.size();
    boolean isLong = Boolean.getBoolean("strata.long");
    for (int from = 0; from < count; from++) {
      for (int to = 0; to < count; to++) {
        for (Pattern pattern : Pattern.values()) {
          // Two rounds, in which each pattern is three or four times.
          boolean sampled =
              (to == (STEP * from + 1) % count && pattern.ordinal() == from % 6)
                  || (to == (STEP * from + 2) % count && pattern.ordinal() == (from + 4) % 6);
          if (isLong || sampled) {
            all.add(new Pair(FORMATS.get(from), FORMATS.get(to), pattern));
          }
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void holdsTheSame(Pair pair) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")));
    Path source = source(pair.from, pair.pattern);
    Path target = work.resolve("target");
    var words = new ArrayList<>(List.of("convert", "--object", SECRET));
    words.addAll(List.of("--image-opts", opened(pair.from, source)));
    words.addAll(creation(pair.to));
    words.add(target.toString());
    ours(words);
    String answer =
        reference(
            "qemu-img",
            "compare",
            "--object",
            SECRET,
            "--image-opts",
            opened(pair.from, source),
            opened(pair.to, target));
    assertTrue(answer.contains("Images are identical."), answer);
    // The reference rounds up to what some formats can say.
    assertEquals(expectedSize(pair), size(pair.to, target));
  }

  private static void ours(List<String> words) {
    var errors = new ByteArrayOutputStream();
    int code =
        QemuImg.run(
            words.toArray(String[]::new),
            new Terminal(
                "qemu-img",
                new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(errors, true, StandardCharsets.UTF_8)));
    assertEquals("", errors.toString(StandardCharsets.UTF_8));
    assertEquals(0, code);
  }

  private long expectedSize(Pair pair) throws Exception {
    if (pair.to.equals("luks")) {
      return size(pair.from, source(pair.from, pair.pattern));
    }
    Path theirs = work.resolve("theirs");
    var words = new ArrayList<>(List.of("qemu-img", "convert", "--object", SECRET));
    words.addAll(List.of("--image-opts", opened(pair.from, source(pair.from, pair.pattern))));
    words.addAll(creation(pair.to));
    words.add(theirs.toString());
    reference(words.toArray(String[]::new));
    return size(pair.to, theirs);
  }

  private static long size(String format, Path image) throws Exception {
    String info =
        reference(
            "qemu-img",
            "info",
            "--object",
            SECRET,
            "--output=json",
            "--image-opts",
            opened(format, image));
    String key = "\"virtual-size\": ";
    String rest = info.substring(info.indexOf(key) + key.length());
    return Long.parseLong(rest.substring(0, rest.indexOf(',')));
  }

  private static String opened(String format, Path image) {
    String key = format.equals("luks") ? ",key-secret=key" : "";
    return "driver=" + format + key + ",file.filename=" + image;
  }

  private static List<String> creation(String format) {
    return switch (format) {
      case "luks" -> List.of("-O", format, "-o", "key-secret=key,iter-time=10");
      case "vpc" -> List.of("-O", format, "-o", "force_size=on"); // else a size has a geometry
      default -> List.of("-O", format);
    };
  }

  private static Path source(String format, Pattern pattern) throws Exception {
    Path image = sources.resolve(format + "-" + pattern);
    if (Files.exists(image)) {
      return image;
    }
    Path raw = sources.resolve("disk-" + pattern);
    if (!Files.exists(raw)) {
      pattern.write(raw);
    }
    var words = new ArrayList<>(List.of("convert", "--object", SECRET, "-f", "raw"));
    words.addAll(creation(format));
    words.addAll(List.of(raw.toString(), image.toString()));
    if (format.equals("luks")) {
      // The reference measures for seconds how fast it is, and on a busy machine gives up.
      ours(words);
    } else {
      words.addFirst("qemu-img");
      reference(words.toArray(String[]::new));
    }
    for (String command : pattern.commands()) {
      reference(
          "qemu-io", "--object", SECRET, "--image-opts", "-c", command, opened(format, image));
    }
    return image;
  }

  private static String reference(String... words) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
