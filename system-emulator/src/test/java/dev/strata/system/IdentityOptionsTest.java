// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.system.machine.pc.PcIdentity;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class IdentityOptionsTest {
  private static final String UUID = "01234567-89ab-cdef-0123-456789abcdef";

  @Test
  void whoTheMachineIsIsTaken() throws BlockException {
    IdentityOptions options =
        CommandLine.parse(
                List.of("-name", "a,,b", "-uuid", UUID, "-smbios", "type=1,serial=5,family=f"))
            .identity;
    assertEquals("a,b", options.name());
    PcIdentity identity = options.identity();
    assertEquals(UUID, identity.uuid().toString());
    assertEquals("5", identity.serial());
    assertEquals("f", identity.family());
    assertEquals("QEMU", identity.manufacturer());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-uuid|foo|-uuid foo: failed to parse UUID string: wrong format",
        "-smbios|type=1,foo=bar|-smbios type=1,foo=bar: Invalid parameter 'foo'",
        "-smbios|type=1,uuid=zz|-smbios type=1,uuid=zz: Invalid UUID",
        "-smbios|uuid=zz|-smbios uuid=zz: Must specify type= or file=",
        "-name|a,foo=b|-name a,foo=b: Invalid parameter 'foo'"
      })
  void whatIsWrongIsRefusedInTheReferencesWords(String option, String value, String message) {
    var e = assertThrows(BlockException.class, () -> CommandLine.parse(List.of(option, value)));
    assertEquals(message, e.getMessage());
  }
}
