// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a board answers to a script of qtest. The scripts are in the resources, each command with
 * the answer of the real program, which is asked again where it can be: builds of it without the
 * accelerator qtest have no clock to step, and play only scripts that need none.
 *
 * <p>When interrupts are told beside answers depends on threads in the real program: their order is
 * compared, not their place.
 */
@Timeout(120)
final class BoardConversationTest {
  private static final String EMULATOR = "qemu-system-x86_64";
  private static final String OURS = Commands.OURS.replace("qemu-nbd", EMULATOR);

  /** In the resources. */
  static List<String> scripts() {
    return List.of(
        "boot-options",
        "cmos",
        "hpet",
        "ide-empty",
        "ioapic",
        "pci-reset",
        "pci-write",
        "pci",
        "pic",
        "pm",
        "protocol",
        "rtc",
        "uart");
  }

  @TempDir Path folder;

  /** A script with its answers, or what a program made of it. */
  private record Transcript(String options, List<String> lines) {
    static Transcript of(String name) throws IOException {
      try (InputStream in =
          Objects.requireNonNull(
              BoardConversationTest.class.getResourceAsStream(name + ".qtest"))) {
        var lines =
            new ArrayList<>(
                new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().toList());
        lines.removeIf(line -> line.startsWith("#"));
        return new Transcript(lines.removeFirst().substring(2), lines);
      }
    }

    boolean stepsTheClock() {
      return lines.stream().anyMatch(line -> line.startsWith("> clock_"));
    }

    List<String> commands() {
      return lines.stream().filter(line -> line.startsWith("> ")).toList();
    }

    /** Answers and their commands, then interrupts. */
    String ordered() {
      var told = lines.stream().filter(line -> !line.startsWith("IRQ ")).toList();
      var interrupts = lines.stream().filter(line -> line.startsWith("IRQ ")).toList();
      return String.join("\n", told) + "\n" + String.join("\n", interrupts);
    }
  }

  private List<String> command(String program, String options, String... more) throws IOException {
    Files.write(folder.resolve("disk.raw"), new byte[1 << 20]);
    var command = new ArrayList<>(List.of(program, "-nodefaults", "-display", "none", "-M", "pc"));
    command.addAll(List.of("-qtest", "stdio", "-qtest-log", "none"));
    command.addAll(List.of(options.replace("@", folder.toString()).split(" ")));
    command.addAll(List.of(more));
    return command;
  }

  private String play(Transcript script, List<String> command) throws Exception {
    Process process =
        new ProcessBuilder(command).redirectError(folder.resolve("errors").toFile()).start();
    try (OutputStream out = process.getOutputStream();
        BufferedReader in = process.inputReader(StandardCharsets.US_ASCII)) {
      var heard = new ArrayList<String>();
      for (String line : script.commands()) {
        heard.add(line);
        out.write((line.substring(2) + "\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
        String answer = in.readLine();
        while (answer != null && answer.startsWith("IRQ ")) {
          heard.add(answer);
          answer = in.readLine();
        }
        if (answer == null) {
          throw new AssertionError(Files.readString(folder.resolve("errors")) + " after " + line);
        }
        heard.add(answer);
      }
      return new Transcript(script.options(), heard).ordered();
    } finally {
      process.destroyForcibly();
      process.waitFor();
    }
  }

  @ParameterizedTest
  @MethodSource("scripts")
  void ourBoardAnswersAsTheRealOne(String name) throws Exception {
    Transcript script = Transcript.of(name);
    assertEquals(
        script.ordered(),
        play(script, command(OURS, script.options() + " -rtc clock=vm", "-accel", "qtest")));
  }

  @ParameterizedTest
  @MethodSource("scripts")
  void theRealBoardAnswersAsIsWrittenDown(String name) throws Exception {
    Commands.assumeInstalled(EMULATOR);
    Transcript script = Transcript.of(name);
    boolean driven = hasAccelerator();
    assumeTrue(driven || !script.stepsTheClock(), "the real program cannot step its clock");
    String[] more =
        driven ? new String[] {"-accel", "qtest"} : new String[] {"-accel", "tcg", "-S"};
    assertEquals(
        script.ordered(),
        play(script, command(EMULATOR, script.options() + " -rtc clock=vm", more)));
  }

  private static boolean hasAccelerator() throws Exception {
    Process asked =
        new ProcessBuilder(EMULATOR, "-accel", "qtest", "-M", "none", "-qtest", "stdio")
            .redirectErrorStream(true)
            .start();
    try (OutputStream out = asked.getOutputStream();
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(asked.getInputStream(), StandardCharsets.US_ASCII))) {
      out.write("endianness\n".getBytes(StandardCharsets.US_ASCII));
      out.flush();
      String line = in.readLine(); // its log is here too
      while (line != null && !line.equals("OK little")) {
        line = in.readLine();
      }
      return line != null;
    } catch (IOException _) {
      return false; // it ended before it was asked
    } finally {
      asked.destroyForcibly();
      asked.waitFor(1, TimeUnit.MINUTES);
    }
  }
}
