// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code qemu-img 7.2 create -f raw} made of each size, and {@code info} of each file. */
class SizeTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "1|1",
        "0|0",
        "1k|1024",
        "1K|1024",
        "1M|1048576",
        "1T|1099511627776",
        "1P|1125899906842624",
        "7E|8070450532247928832",
        "1e|1152921504606846976",
        "1b|1",
        "1.0B|1",
        "1.|1",
        "1.k|1024",
        "1.5G|1610612736",
        "0.5k|512",
        "1.0001k|1024",
        "0.00000001k|0",
        "0.1E|115292150460684704",
        "7.9999E|9223256744704315136",
        "1.99999999999999999999G|1073741824",
        "0x400|1024",
        "0x1k|1024",
        "0X1p|1125899906842624",
        "0x1E|30",
        "010|10",
        "010k|10240",
        "+1|1",
        " 1|1",
        "9223372036854775807|9223372036854775807",
        "18446744073709551615|18446744073709551615",
      })
  void sizesAreRead(String text, String bytes) throws BlockException {
    assertEquals(bytes, Long.toUnsignedString(Size.parse(text)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "k",
        "x",
        "-1",
        "1.5",
        ".5G",
        "0x1.8k",
        "1e3",
        "1E3",
        "1 ",
        "1kk",
        "1kb",
        "1.5B",
        "0x",
        "0xg",
        "inf",
        "nan",
        "1.5e1k",
        "0x1p3",
        "0x1E ",
        "1,5G",
        "1.5.5",
        "1Kib",
        "-0",
        "--1",
        "-0x1ffffffffffffffff",
        "99999999999999999999x",
        "90071992547409939007199254740993M"
      })
  void otherTextIsInvalid(String text) {
    assertEquals(Errno.EINVAL, assertThrows(BlockException.class, () -> Size.parse(text)).errno());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "16E",
        "18446744073709551616",
        "-99999999999999999999",
        "99999999999999999999999",
        "16384P"
      })
  void from2To64OnIsOutOfRange(String text) {
    assertEquals(Errno.ERANGE, assertThrows(BlockException.class, () -> Size.parse(text)).errno());
  }

  @Test
  void suffixOfAHexadecimalNumberIsDeprecated() {
    assertEquals(
        "Using a multiplier suffix on hex numbers is deprecated: 0x1P", Size.deprecation("0x1P"));
    assertNull(Size.deprecation("0x1E"));
    assertNull(Size.deprecation("1P"));
  }

  @ParameterizedTest
  @CsvSource({
    "0,0 B",
    "512,512 B",
    "1024,1 KiB",
    "1536,1.5 KiB",
    "200704,196 KiB",
    "1023488,1e+03 KiB",
    "1024000,0.977 MiB",
    "1025024,0.978 MiB",
    "1047552,0.999 MiB",
    "1048064,1 MiB",
    "5282304,5.04 MiB",
    "67108864,64 MiB",
    "123457024,118 MiB",
    "1052377088,0.98 GiB",
    "1072693248,0.999 GiB",
    "10871635968,10.1 GiB",
    "9876543488,9.2 GiB",
    "12345678901248,11.2 TiB",
  })
  void sizesAreShownWithThreeDigits(long bytes, String shown) {
    assertEquals(shown, Size.human(bytes));
  }
}
