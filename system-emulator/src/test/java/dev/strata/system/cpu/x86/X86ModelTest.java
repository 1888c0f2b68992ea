// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import dev.strata.system.cpu.Architecture;
import dev.strata.system.cpu.CpuModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code -cpu} makes CPUID say. */
final class X86ModelTest {
  private static final Path FOLDER = Path.of("/usr/bin");
  private static final Set<Feature> WIDE = Set.of(Feature.LM, Feature.SYSCALL);

  private final List<String> warnings = new ArrayList<>();

  private X86Model model(X86Model base, String properties) throws BlockException {
    return (X86Model) base.with(List.of(properties.split(",")), warnings::add);
  }

  private static int[] identify(X86Model model, int leaf) {
    int[] registers = new int[4];
    model.identify(leaf, 0, registers, true);
    return registers;
  }

  /** Of all features that there are, the named models have those that they have in QEMU. */
  @Test
  void namedModelsHaveWhatTheyHaveInTheRealProgram() throws Exception {
    compareWithReal(new X86Architecture());
    compareWithReal(new I386Architecture());
  }

  private static void compareWithReal(Architecture architecture) throws Exception {
    Path program = FOLDER.resolve("qemu-system-" + architecture.name());
    assumeTrue(Files.isExecutable(program));
    for (CpuModel each : architecture.models()) {
      X86Model model = (X86Model) each;
      if (model.name().equals("max")) {
        continue; // all that there is, here and there
      }
      String real = expansion(program, model.name());
      assertTrue(real.contains("\"hypervisor\": true"), real);
      for (Feature feature : Feature.values()) {
        boolean has = real.contains("\"" + feature.word.name(feature.bit) + "\": true");
        // What the narrow program lacks, it only tells when a machine begins.
        has &= !architecture.name().equals("i386") || !WIDE.contains(feature);
        assertEquals(has, model.has(feature), model.name() + " " + feature);
      }
    }
  }

  private static String expansion(Path program, String model)
      throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(
                program.toString(),
                "-nodefaults",
                "-display",
                "none",
                "-machine",
                "none,accel=tcg",
                "-S",
                "-qmp",
                "stdio")
            .start();
    try (var to = process.outputWriter(StandardCharsets.UTF_8)) {
      to.write("{'execute':'qmp_capabilities'}\n");
      to.write(
          "{'execute':'query-cpu-model-expansion','arguments':{'type':'full','model':{'name':'"
              + model
              + "'}}}\n");
      to.write("{'execute':'quit'}\n");
      to.flush();
      String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, process.waitFor(), answer);
      return answer;
    }
  }

  @Test
  void leavesTellTheFeatures() {
    assertEquals(0x80002001, identify(X86Model.QEMU64, 1)[2]);
    assertEquals(1, identify(X86Model.QEMU64, 0)[0], "no leaf with features beyond the first");
    assertEquals(0, identify(X86Model.QEMU64, 7)[1]);
    assertEquals(0xd, identify(X86Model.MAX, 0)[0]);
    assertArrayEquals(new int[] {3, 576, 576, 0}, identify(X86Model.MAX, 0xd));
    assertEquals(1 << 3 | 1 << 8 | 1 << 19, identify(X86Model.MAX, 7)[1] & 0x80108);
    assertEquals(0, identify(X86Model.QEMU32, 0x80000001)[3], "an Intel repeats nothing");
    assertEquals(
        identify(X86Model.QEMU64, 1)[3] & 0x0183f3ff,
        identify(X86Model.QEMU64, 0x80000001)[3] & 0x0183f3ff);
    assertEquals(0x47656e75, Integer.reverseBytes(identify(X86Model.QEMU32, 0)[1]), "Genu");
  }

  @ParameterizedTest
  @CsvSource({
    "+aes,AES,true",
    "aes,AES,true",
    "aes=on,AES,true",
    "+sse4_1,SSE41,true",
    "+sse4.1,SSE41,true",
    "sse4-1=yes,SSE41,true",
    "-sse2,SSE2,false",
    "sse2=off,SSE2,false",
    "-sse3,SSE3,false",
    "-pni,SSE3,false"
  })
  void aFeatureIsSwitchedByItsNames(String property, Feature feature, boolean on) throws Exception {
    assertEquals(on, model(X86Model.QEMU64, property).has(feature));
    assertTrue(warnings.isEmpty());
  }

  @Test
  void aMinusIsStrongerThanAPlusAndBothThanAnAssignment() throws Exception {
    assertFalse(model(X86Model.QEMU64, "-aes,+aes").has(Feature.AES));
    assertTrue(model(X86Model.QEMU64, "+aes,aes=off").has(Feature.AES));
  }

  @Test
  void whatIsNotHadIsToldAndLeftOut() throws Exception {
    X86Model asked = model(X86Model.QEMU64, "+avx,avx512f=on,+svm,-avx2");
    for (int leaf : new int[] {1, 7, 0x80000001}) {
      assertArrayEquals(identify(X86Model.QEMU64, leaf), identify(asked, leaf));
    }
    assertEquals(
        List.of(
            "TCG doesn't support requested feature: CPUID.07H:EBX.avx512f [bit 16]",
            "TCG doesn't support requested feature: CPUID.01H:ECX.avx [bit 28]",
            "TCG doesn't support requested feature: CPUID.80000001H:ECX.svm [bit 2]"),
        warnings);
    warnings.clear();
    model(X86Model.QEMU64, "check=off,+avx");
    assertTrue(warnings.isEmpty());
  }

  private void refused(String properties, String message) {
    var e = assertThrows(BlockException.class, () -> model(X86Model.QEMU64, properties));
    assertEquals(message, e.getMessage());
  }

  /** In the words of the real program. */
  @Test
  void whatIsNoPropertyIsRefused() {
    refused("+foo", "Property 'qemu64-x86_64-cpu.foo' not found");
    refused("-foo", "Property 'qemu64-x86_64-cpu.foo' not found");
    refused("+lm=on", "Property 'qemu64-x86_64-cpu.lm=on' not found");
    refused("+", "Property 'qemu64-x86_64-cpu.' not found");
    refused(
        "foo",
        "can't apply global qemu64-x86_64-cpu.foo=on: Property 'qemu64-x86_64-cpu.foo' not found");
    refused(
        "sse4.1=maybe",
        "can't apply global qemu64-x86_64-cpu.sse4.1=maybe: Parameter 'sse4.1' expects 'on' or"
            + " 'off'");
    refused("enforce,+avx512f", "TCG doesn't support requested features");
  }
}
