// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.safety;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import dev.strata.block.driver.SafetyFinding;
import dev.strata.block.image.DiskImage;
import dev.strata.block.image.ImageFile;
import dev.strata.block.image.SafetyInspection;
import dev.strata.block.image.SafetyReport;
import dev.strata.block.image.SafetyReport.Verdict;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The verdict on images of strangers: by the library, and by the tools. */
final class SafetyTest {
  private static final Path ROOT = Path.of(System.getProperty("strata.root", ".."));

  @TempDir Path folder;

  private Path create(String format, long size, String... options) throws BlockException {
    Path path = folder.resolve("image");
    ImageFile file = ImageFile.of(path.toString()).format(format);
    for (int i = 0; i < options.length; i += 2) {
      file = file.with(options[i], options[i + 1]);
    }
    file.leadingTo(dev.strata.block.graph.OpenGate.AS_QEMU).create(size).close();
    return path;
  }

  private static void poke(Path path, long offset, byte[] bytes) throws IOException {
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(offset);
      file.write(bytes);
    }
  }

  private static SafetyReport report(Path path) throws BlockException {
    return SafetyInspection.of(ImageFile.of(path.toString()));
  }

  private static void assertFound(SafetyReport report, Verdict verdict, String topic) {
    assertEquals(verdict, report.verdict(), report::toString);
    assertEquals(topic, report.findings().getFirst().topic(), report::toString);
    for (SafetyFinding finding : report.findings()) {
      assertFalse(finding.text().isEmpty() || finding.advice().isEmpty());
    }
  }

  @Test
  void newImagesAreSafe() throws Exception {
    for (String format : List.of("qcow2", "parallels", "raw")) {
      SafetyReport report = report(create(format, 8 << 20));
      assertEquals(Verdict.SAFE, report.verdict(), report::toString);
      assertEquals(format, report.format());
      assertEquals(8 << 20, report.virtualSize());
    }
  }

  @Test
  void otherFilesAreDangerousAndNotOpened() throws Exception {
    Path base = Files.write(folder.resolve("base"), new byte[1 << 20]);
    Path image = create("qcow2", 1 << 20, "backing_file", base.toString(), "backing_fmt", "raw");
    Files.delete(base); // who tried to open it would fail
    assertFound(report(image), Verdict.DANGEROUS, SafetyFinding.BACKING_FILE);
    Path data = folder.resolve("data");
    Path split = create("qcow2", 1 << 20, "data_file", data.toString());
    Files.delete(data);
    assertFound(report(split), Verdict.DANGEROUS, SafetyFinding.DATA_FILE);
  }

  @Test
  void featuresThatNobodyKnowsAreDangerousIfTheyMatter() throws Exception {
    Path image = create("qcow2", 1 << 20);
    poke(image, 88, new byte[] {0x40}); // autoclear
    assertFound(report(image), Verdict.SUSPICIOUS, SafetyFinding.FEATURES);
    poke(image, 72, new byte[] {0x40}); // incompatible
    assertFound(report(image), Verdict.DANGEROUS, SafetyFinding.FEATURES);
  }

  @Test
  void damageIsFound() throws Exception {
    Path image = create("qcow2", 1 << 20);
    poke(image, 79, new byte[] {1});
    assertFound(report(image), Verdict.SUSPICIOUS, SafetyFinding.CORRUPTION); // dirty
    poke(image, 79, new byte[] {2});
    assertFound(report(image), Verdict.DANGEROUS, SafetyFinding.CORRUPTION); // corrupt
    poke(image, 79, new byte[] {0});
    poke(image, 2 << 16, new byte[16]); // all refcounts
    assertFound(report(image), Verdict.DANGEROUS, SafetyFinding.CORRUPTION);
    Path torn = create("parallels", 1 << 20);
    poke(torn, 44, new byte[] {0x59, 0x6e, 0x6f, 0x74});
    assertFound(report(torn), Verdict.DANGEROUS, SafetyFinding.CORRUPTION);
  }

  @Test
  void encryptionIsSuspicious() throws Exception {
    Path image = create("qcow2", 1 << 20);
    poke(image, 35, new byte[] {2});
    assertFound(report(image), Verdict.SUSPICIOUS, SafetyFinding.ENCRYPTION);
  }

  @Test
  void aDiskThatIsFarLargerThanItsFileIsSuspicious() throws Exception {
    assertFound(report(create("qcow2", 20L << 40)), Verdict.SUSPICIOUS, SafetyFinding.SIZES);
  }

  @Test
  void whatOtherProgramsTakeItForIsDangerousUnlessTheFormatIsGiven() throws Exception {
    Path image = create("raw", 1 << 20);
    poke(image, (1 << 20) - 512, "conectix".getBytes(StandardCharsets.US_ASCII));
    assertFound(report(image), Verdict.DANGEROUS, SafetyFinding.SECOND_OPINION);
    assertFound(
        SafetyInspection.of(ImageFile.of(image.toString()).format("raw")),
        Verdict.SUSPICIOUS,
        SafetyFinding.SECOND_OPINION);
    Path disk = create("raw", 1 << 20);
    poke(disk, 510, new byte[] {0x55, (byte) 0xaa});
    assertFound(report(disk), Verdict.SAFE, SafetyFinding.SECOND_OPINION); // a partition table
  }

  @Test
  void anImageWithinAnImageIsSuspicious() throws Exception {
    Path image = create("qcow2", 1 << 20);
    try (DiskImage disk = ImageFile.of(image.toString()).format("qcow2").forWriting().open()) {
      disk.write(0, ByteBuffer.wrap(new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3}));
    }
    assertFound(report(image), Verdict.SUSPICIOUS, SafetyFinding.SECOND_OPINION);
  }

  @Test
  void whatIsNoFileIsDangerous() throws Exception {
    assertFound(report(folder), Verdict.DANGEROUS, SafetyFinding.FILE);
    assertThrows(BlockException.class, () -> report(folder.resolve("nowhere")));
  }

  // The tools, within the limits that the documentation names

  private record Ended(int code, String out, String errors) {}

  private Ended run(String tool, String... words) throws Exception {
    Path program = ROOT.resolve("bin").resolve(tool);
    assumeTrue(Files.isExecutable(program) && Files.isExecutable(Path.of("/usr/bin/prlimit")));
    // The first use builds, which needs more than the limits leave.
    Process first =
        new ProcessBuilder(program.toString(), "--version")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertTrue(first.waitFor(300, TimeUnit.SECONDS));
    var all = new java.util.ArrayList<String>();
    all.addAll(List.of("prlimit", "--as=1073741824", "--cpu=30", program.toString()));
    all.addAll(List.of(words));
    Path out = folder.resolve("out");
    Path errors = folder.resolve("errors");
    Process process =
        new ProcessBuilder(all).redirectOutput(out.toFile()).redirectError(errors.toFile()).start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return new Ended(process.exitValue(), Files.readString(out), Files.readString(errors));
  }

  @Test
  void theToolsRefuseWhatIsDangerousWithinLimits() throws Exception {
    Path base = Files.write(folder.resolve("base"), new byte[1 << 20]);
    String image =
        create("qcow2", 1 << 20, "backing_file", base.toString(), "backing_fmt", "raw").toString();
    Ended inspected = run("qemu-img", "inspect", "--safety", "--output=json", image);
    assertEquals(2, inspected.code(), inspected::toString);
    JsonObject json = JsonReader.parseObject(inspected.out());
    assertTrue(String.valueOf(json.get("verdict")).contains("dangerous"));
    String why = "is dangerous: it stands on the file '" + base + "'\n";
    for (String[] words :
        List.of(
            new String[] {"qemu-img", "info", "--untrusted", image},
            new String[] {"qemu-io", "--untrusted", "-c", "read 0 512", image},
            new String[] {"qemu-nbd", "--untrusted", "-k", folder + "/socket", image})) {
      Ended ended = run(words[0], java.util.Arrays.copyOfRange(words, 1, words.length));
      assertEquals(1, ended.code(), ended::toString);
      assertTrue(ended.errors().endsWith(why), ended::toString);
      assertEquals(1, ended.errors().lines().count(), ended::toString);
    }
    Ended trusted = run("qemu-img", "info", image);
    assertEquals(0, trusted.code(), trusted::toString);
  }

  @Test
  void theToolsOpenWhatIsSafe() throws Exception {
    String image = create("qcow2", 1 << 20).toString();
    Ended inspected = run("qemu-img", "inspect", "--safety", image);
    assertEquals(0, inspected.code(), inspected::toString);
    assertTrue(inspected.out().contains("verdict: safe\n"));
    String copy = folder.resolve("copy").toString();
    assertEquals(0, run("qemu-img", "convert", "--untrusted", "-O", "raw", image, copy).code());
    assertEquals(0, run("qemu-io", "--untrusted", "-c", "read 0 512", image).code());
  }
}
