// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonReader;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Messages are those of {@code qemu-img 7.2 info json:…}. */
class BlockOptionsTest {
  private static BlockOptions json(String text) throws BlockException {
    return BlockOptions.of(JsonReader.parseObject(text));
  }

  @Test
  void nestedAndDottedMeanTheSame() throws BlockException {
    BlockOptions nested = json("{'driver':'qcow2','file':{'driver':'file','filename':'a'}}");
    assertEquals(json("{'driver':'qcow2','file.driver':'file','file.filename':'a'}"), nested);
    assertTrue(nested.hasSection("file"));
    assertFalse(nested.has("file"));
    BlockOptions file = nested.section("file");
    assertEquals(BlockOptions.of("driver", "file", "filename", "a"), file);
    assertFalse(nested.hasSection("file"));
    nested.putAll("backing", file);
    assertEquals(
        List.of("driver", "backing.driver", "backing.filename"), List.copyOf(nested.names()));
    assertEquals(
        "a", json("{'file.filename':'b','file':{'filename':'a'}}").string("file.filename"));
    assertEquals(
        "a", json("{'file':{'filename':'a'},'file.filename':'b'}").string("file.filename"));
  }

  @Test
  void optionsNestAgain() throws BlockException {
    String text =
        "{\"driver\": \"quorum\", \"children\": [{\"driver\": \"null-co\"}, \"node\"], \"a\":"
            + " {\"0\": 1, \"x\": {\"y\": null}}, \"empty\": {}, \"size\": 18446744073709551615}";
    assertEquals(text, json(text).toJson().toString());
    assertEquals(
        "{\"file\": \"node\", \"file.size\": \"1\"}",
        BlockOptions.of("file", "node", "file.size", "1").toJson().toString());
    BlockOptions deep = BlockOptions.of("a.".repeat(100_000) + "b", "1");
    assertEquals(1, deep.toJson().size());
  }

  @Test
  void typedValuesAreTakenAsTheirText() throws BlockException {
    BlockOptions options =
        json("{'a':true,'b':'yes','c':1e3,'d':512,'e':'1k','f':null,'g':5,'h':{}}");
    assertEquals(true, options.takeBool("a"));
    assertEquals(true, options.takeBool("b"));
    assertEquals(1000L, options.takeSize("c"));
    assertEquals("512", options.takeString("d"));
    assertEquals(1024L, options.takeSize("e"));
    assertNull(options.takeString("f"));
    assertNull(options.string("g"));
    assertEquals(5L, options.takeNumber("g"));
    assertNull(options.takeBool("h"));
    assertTrue(options.isEmpty(), "what is null or empty counts as understood");
  }

  @Test
  void onlyStringsNameNodesAndFiles() throws BlockException {
    BlockOptions options = json("{'file':5,'filename':true,'backing':null,'data-file':'node'}");
    assertNull(options.takeName("file"));
    assertNull(options.takeName("filename"));
    assertNull(options.takeName("backing"));
    assertEquals("node", options.takeName("data-file"));
    assertTrue(options.isEmpty());
  }

  @Test
  void deprecatedSizesAreWarnedOfEachTimeTheyAreConverted() throws BlockException {
    BlockOptions options = BlockOptions.of("size", "0x1k", "offset", "0x10", "s", "0x2M");
    String warning = "Using a multiplier suffix on hex numbers is deprecated: 0x1k";
    assertEquals(1024L, options.checked(Option.size("size", null)));
    assertEquals(List.of(), options.copy().takeWarnings());
    assertEquals(1024L, options.takeSize("size"));
    assertEquals(16L, options.take(Option.size("offset", null)));
    assertEquals(List.of(warning, warning), options.takeWarnings());
    assertEquals("0x2M", options.take(Option.string("s", null)));
    assertEquals(List.of(), options.takeWarnings());
  }

  @Test
  void valuesOfTheWrongTypeAreRefused() throws BlockException {
    BlockOptions options = json("{'lazy-refcounts':1,'cache-size':true,'offset':1.5,'n':-1}");
    assertEquals(
        "Parameter 'lazy-refcounts' expects 'on' or 'off'",
        assertThrows(BlockException.class, () -> options.takeBool("lazy-refcounts")).getMessage());
    for (String name : new String[] {"cache-size", "offset", "n"}) {
      assertEquals(
          "Parameter '" + name + "' expects a non-negative number below 2^64",
          assertThrows(BlockException.class, () -> options.takeSize(name)).getMessage());
    }
  }

  @Test
  void whatNobodyTookIsRefused() throws BlockException {
    BlockOptions options = json("{'foo':{'a':1}}");
    assertEquals(
        "Block format 'raw' does not support the option 'foo.a'",
        assertThrows(BlockException.class, () -> options.rejectUnknown("raw", false)).getMessage());
    BlockOptions several = BlockOptions.of("zz", "1", "aa", "2", "foo", "3", "bar", "4");
    assertEquals(
        "Block protocol 'null-co' doesn't support the option 'aa'",
        assertThrows(BlockException.class, () -> several.rejectUnknown("null-co", true))
            .getMessage());
    new BlockOptions().rejectUnknown("raw", false);
    assertEquals(
        "Block protocol 'blkdebug' doesn't support the option 'set-state'",
        assertThrows(
                BlockException.class,
                () -> json("{'set-state':[]}").rejectUnknown("blkdebug", true))
            .getMessage());
  }

  @Test
  void copiesAreIndependent() {
    BlockOptions options = BlockOptions.of("a", "1");
    BlockOptions copy = options.copy();
    copy.put("b", "2");
    copy.putIfAbsent("a", "3");
    assertEquals(BlockOptions.of("a", "1"), options);
    assertEquals(BlockOptions.of("a", "1", "b", "2"), copy);
  }
}
