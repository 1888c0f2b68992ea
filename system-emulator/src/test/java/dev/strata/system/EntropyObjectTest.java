// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.system.device.virtio.EntropySource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EntropyObjectTest {
  @TempDir Path folder;

  private static ObjectRegistry objects(String... options) throws BlockException {
    var objects = new ObjectRegistry(EntropyObject.TYPES);
    for (String option : options) {
      assertNull(objects.define(option));
    }
    return objects;
  }

  @Test
  void aFileIsASource() throws IOException {
    Path file = Files.write(folder.resolve("bytes"), new byte[] {1, 2, 3});
    try (var objects = objects("rng-random,id=a,filename=" + file, "rng-builtin,id=b")) {
      EntropySource source = assertInstanceOf(EntropyObject.class, objects.find("a")).source();
      var bytes = new byte[2];
      source.fill(bytes);
      assertEquals(2, bytes[1]);
      assertThrows(IOException.class, () -> source.fill(bytes), "it has ended");
      assertInstanceOf(EntropyObject.class, objects.find("b"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rng-random,id=a,filename=/nonexist|Could not open '/nonexist': No such file or directory",
        "rng-foo,id=a|Parameter 'qom-type' does not accept value 'rng-foo'",
        "rng-random|Parameter 'id' is missing",
        "rng-builtin,id=a,x=1|Parameter 'x' is unexpected"
      })
  void whatIsWrongIsRefusedInTheReferencesWords(String option, String message) {
    var e = assertThrows(BlockException.class, () -> objects(option));
    assertEquals(message, e.getMessage());
  }
}
