// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.system.device.virtio.EntropySource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EntropyObjectsTest {
  @TempDir Path folder;

  private static void define(EntropyObjects objects, String... options) throws BlockException {
    for (String option : options) {
      for (var object : CommandLine.parse(List.of("-object", option)).objects) {
        objects.define(object.given(), object.options());
      }
    }
  }

  @Test
  void aFileIsASource() throws IOException {
    Path file = Files.write(folder.resolve("bytes"), new byte[] {1, 2, 3});
    try (var objects = new EntropyObjects()) {
      define(objects, "rng-random,id=a,filename=" + file, "rng-builtin,id=b");
      EntropySource source = objects.find("a");
      assertNotNull(source);
      var bytes = new byte[2];
      source.fill(bytes);
      assertEquals(2, bytes[1]);
      assertThrows(IOException.class, () -> source.fill(bytes), "it has ended");
      assertNotNull(objects.find("b"));
      assertNull(objects.find("c"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rng-random,id=a,filename=/nonexist|Could not open '/nonexist': No such file or directory",
        "rng-foo,id=a|-object rng-foo,id=a: Parameter 'qom-type' does not accept value 'rng-foo'",
        "rng-random|-object rng-random: Parameter 'id' is missing",
        "rng-builtin,id=a,x=1|-object rng-builtin,id=a,x=1: Invalid parameter 'x'"
      })
  void whatIsWrongIsRefusedInTheReferencesWords(String option, String message)
      throws BlockException {
    try (var objects = new EntropyObjects()) {
      var e = assertThrows(BlockException.class, () -> define(objects, option));
      assertEquals(message, e.getMessage());
    }
  }

  @Test
  void namesAreGivenOnce() throws BlockException {
    try (var objects = new EntropyObjects()) {
      var e =
          assertThrows(
              BlockException.class, () -> define(objects, "rng-builtin,id=a", "rng-builtin,id=a"));
      assertEquals("-object rng-builtin,id=a: Duplicate ID 'a' for object", e.getMessage());
    }
  }
}
