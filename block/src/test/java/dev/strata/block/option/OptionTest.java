// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import org.junit.jupiter.api.Test;

/** Messages and layout are those of {@code qemu-img 7.2 create -o}. */
class OptionTest {
  private static final OptionSchema SCHEMA =
      OptionSchema.of(
          Option.size("size", "Virtual disk size"),
          Option.string("encrypt.cipher-alg", "Name of encryption cipher algorithm"),
          Option.schemaWord(
              "compression_type",
              "compression-type",
              "Compression method used for image cluster compression",
              "zlib",
              "zstd"),
          Option.bool("lazy_refcounts", "Postpone refcount updates"),
          Option.number("refcount_bits", "Width of a reference count entry in bits"));

  private static String refused(String options) {
    return assertThrows(
            BlockException.class, () -> SCHEMA.check(OptionString.parseCreation(options)))
        .getMessage();
  }

  @Test
  void helpIsSortedAndInColumns() {
    assertEquals(
        """
          compression_type=<str> - Compression method used for image cluster compression
          encrypt.cipher-alg=<str> - Name of encryption cipher algorithm
          lazy_refcounts=<bool (on/off)> - Postpone refcount updates
          refcount_bits=<num>    - Width of a reference count entry in bits
          size=<size>            - Virtual disk size
        """,
        SCHEMA.help());
  }

  @Test
  void valuesAreConverted() throws BlockException {
    BlockOptions options =
        OptionString.parseCreation("lazy_refcounts=yes,refcount_bits= 0x10,size=1.5k");
    SCHEMA.check(options);
    assertEquals(true, options.take(Option.bool("lazy_refcounts", null)));
    assertEquals(16L, options.take(Option.number("refcount_bits", null)));
    assertEquals(1536L, options.take(Option.size("size", null)));
    assertNull(options.take(Option.size("size", null)));
    assertEquals(7L, options.take(Option.size("size", null).orElse(7L)));
    assertEquals(8L, options.take(Option.size("size", null), 8L));
    assertEquals(-1L, Option.number("n", null).parse("-1"));
    assertEquals(8L, Option.number("n", null).parse("010"));
  }

  @Test
  void wrongValuesAreRefusedInTheReferencesWords() {
    assertEquals("Invalid parameter 'foo'", refused("size=1M,foo=1"));
    assertEquals("Invalid parameter ''", refused("=x"));
    assertEquals("Parameter 'lazy_refcounts' expects 'on' or 'off'", refused("lazy_refcounts=xx"));
    assertEquals("Parameter 'lazy_refcounts' expects 'on' or 'off'", refused("lazy_refcounts=On"));
    assertEquals("Parameter 'refcount_bits' expects a number", refused("refcount_bits=16k"));
    assertEquals("Parameter 'refcount_bits' expects a number", refused("refcount_bits="));
    assertEquals("Parameter 'refcount_bits' expects a number", refused("refcount_bits=08"));
    assertEquals("Parameter 'refcount_bits' expects a number", refused("refcount_bits=0x"));
    assertEquals("Parameter 'refcount_bits' expects a number", refused("refcount_bits=16 "));
    assertEquals(
        "Value '99999999999999999999' is too large for parameter 'refcount_bits'",
        refused("refcount_bits=99999999999999999999"));
    assertEquals(
        "Parameter 'compression-type' does not accept value 'foo'",
        refused("compression_type=foo"));
    assertEquals("Value '16E' is out of range for parameter 'size'", refused("size=16E"));
    BlockException e =
        assertThrows(
            BlockException.class, () -> SCHEMA.check(OptionString.parseCreation("size=x")));
    assertEquals("Parameter 'size' expects a non-negative number below 2^64", e.getMessage());
    assertEquals(
        "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n"
            + "and exabytes, respectively.",
        e.hint());
    assertEquals(
        "invalid parameter value: x",
        assertThrows(BlockException.class, () -> Option.word("aio", null, "native").parse("x"))
            .getMessage());
  }

  @Test
  void schemasAreJoinedWithoutRepeatingNames() {
    OptionSchema joined =
        OptionSchema.of(Option.size("size", "a"))
            .and(OptionSchema.of(Option.size("size", "b"), Option.bool("nocow", null)));
    assertEquals("  nocow=<bool (on/off)>\n  size=<size>            - a\n", joined.help());
  }
}
