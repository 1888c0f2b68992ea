// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TrainingTest {
  @Test
  void everyLineIsRunEvenAfterOneThatFails(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("training"), "info absent\n--version\n");
    List<List<String>> seen = new ArrayList<>();
    Training.run(
        file,
        arguments -> {
          seen.add(List.of(arguments));
          return 1;
        });
    assertEquals(List.of(List.of("info", "absent"), List.of("--version")), seen);
  }
}
