// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What we write is what programs read that have nothing of QEMU's: libvmdk, libvhdi and libqcow, by
 * their modules for Debian's Python. {@code strata.long} has each kind of image hold every pattern.
 */
final class SecondReadersTest {
  private static final Path PYTHON = Path.of("/usr/bin/python3");
  private static final Path MODULES = Path.of("/usr/lib/python3/dist-packages");
  private static final Path OURS = Path.of("..", "bin").toAbsolutePath().normalize();

  /** Says what the first bytes of a disk hash to, as many as asked, and whether others are set. */
  private static final String READER =
      """
      import hashlib, sys, %1$s
      disk = %1$s.%2$s()
      getattr(disk, 'set_password', lambda word: None)('second')
      disk.open(sys.argv[1])
      getattr(disk, 'open_extent_data_files', lambda: None)()
      left, digest, others = int(sys.argv[2]), hashlib.sha256(), False
      rest = disk.get_media_size() - left
      while left > 0:
          read = disk.read_buffer(min(left, 1 << 20))
          digest.update(read)
          left -= len(read)
      while rest > 0:
          read = disk.read_buffer(min(rest, 1 << 20))
          others |= any(read)
          rest -= len(read)
      print(digest.hexdigest(), others)
      """;

  /** One of so many, which has no divisor in common with how many kinds there are. */
  private static final int SAMPLED = 3;

  @TempDir Path folder;

  /**
   * A format as we create it, and who reads it.
   *
   * @param options of {@code -o}, or empty
   * @param type of the module, for an image
   */
  record Written(String format, String options, String module, String type, Pattern pattern) {
    /** Whether what is written to the image afterwards is understood as well. */
    boolean isWritable() {
      // libqcow takes a cluster that reads as zeroes for the data that it had.
      boolean hasZeroClusters = format.equals("qcow2") && !options.equals("compat=0.10");
      return !options.contains("streamOptimized")
          && !options.equals("compressed")
          && !hasZeroClusters;
    }

    @Override
    public String toString() {
      return format + " " + options + ", " + pattern;
    }
  }

  static Stream<Written> images() {
    var all = new ArrayList<Written>();
    for (Pattern pattern : Pattern.values()) {
      for (String kind :
          List.of(
              "monolithicSparse",
              "monolithicFlat",
              "twoGbMaxExtentSparse",
              "twoGbMaxExtentFlat",
              "streamOptimized")) {
        all.add(new Written("vmdk", "subformat=" + kind, "pyvmdk", "handle", pattern));
      }
      for (String kind : List.of("dynamic", "fixed")) {
        all.add(new Written("vpc", "subformat=" + kind, "pyvhdi", "file", pattern));
        all.add(new Written("vhdx", "subformat=" + kind, "pyvhdi", "file", pattern));
      }
      for (String options :
          List.of(
              "compat=0.10",
              "compat=1.1",
              "compressed",
              "cluster_size=512",
              "encrypt.format=aes,encrypt.key-secret=key")) {
        all.add(new Written("qcow2", options, "pyqcow", "file", pattern));
      }
      for (String options :
          List.of("", "compressed", "encrypt.format=aes,encrypt.key-secret=key")) {
        all.add(new Written("qcow", options, "pyqcow", "file", pattern));
      }
    }
    if (Boolean.getBoolean("strata.long")) {
      return all.stream();
    }
    var sampled = new ArrayList<Written>();
    for (int i = 0; i < all.size(); i += SAMPLED) {
      sampled.add(all.get(i));
    }
    return sampled.stream();
  }

  @ParameterizedTest
  @MethodSource("images")
  void isReadAlike(Written written) throws Exception {
    Commands.assumeInstalled("qemu-io");
    String library = written.module().replaceFirst("py", "python3-lib");
    try (Stream<Path> modules = Files.list(MODULES)) {
      assumeTrue(
          Files.isExecutable(PYTHON)
              && modules.anyMatch(
                  file -> file.getFileName().toString().startsWith(written.module())),
          "no " + written.module() + " (Debian's " + library + ")");
    }
    var commands = new Commands(folder);
    Path disk = folder.resolve("disk");
    written.pattern().write(disk);
    convert(commands, written);
    for (String command : written.pattern().commands()) {
      commands.succeed("qemu-io", "-f", "raw", "-c", command, "disk");
      if (written.isWritable()) {
        commands.succeed(
            OURS.resolve("qemu-io").toString(),
            "--object",
            "secret,id=key,data=second",
            "--image-opts",
            "-c",
            command,
            opened(written));
      }
    }
    if (!written.isWritable()) {
      convert(commands, written);
    }
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(disk));
    assertEquals(
        HexFormat.of().formatHex(digest) + " False\n",
        commands.succeed(
            PYTHON.toString(),
            "-c",
            READER.formatted(written.module(), written.type()),
            "image",
            String.valueOf(written.pattern().size())));
  }

  private static String opened(Written written) {
    String key = written.options().contains("secret") ? ",encrypt.key-secret=key" : "";
    return "driver=" + written.format() + key + ",file.filename=image";
  }

  private static void convert(Commands commands, Written written) throws Exception {
    var words = new ArrayList<>(List.of(OURS.resolve("qemu-img").toString(), "convert"));
    words.addAll(List.of("--object", "secret,id=key,data=second", "-f", "raw"));
    words.addAll(List.of("-O", written.format()));
    if (written.options().equals("compressed")) {
      words.add("-c");
    } else if (!written.options().isEmpty()) {
      words.addAll(List.of("-o", written.options()));
    }
    words.addAll(List.of("disk", "image"));
    commands.succeed(words.toArray(String[]::new));
  }
}
