// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.block.BlockException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Expected texts are printed by QEMU 7.2: {@code qemu-img info} and the storage daemon's monitor.
 */
class JsonWriterTest {
  @Test
  void prettyTextIsThatOfInfo() {
    var bitmap = new JsonObject().put("name", "b0").put("granularity", 65536);
    bitmap.put("flags", new JsonArray().add("auto"));
    var data = new JsonObject().put("compat", "1.1").put("compression-type", "zlib");
    data.put("lazy-refcounts", false).put("refcount-bits", 16).put("corrupt", false);
    data.put("extended-l2", false).put("bitmaps", new JsonArray().add(bitmap));
    var info = new JsonObject().put("filename", "e.qcow2").put("format", "qcow2");
    info.put("virtual-size", 1048576).put("actual-size", 208896).put("dirty-flag", false);
    info.put("cluster-size", 65536);
    info.put("format-specific", new JsonObject().put("type", "qcow2").put("data", data));
    assertEquals(
        """
        {
            "virtual-size": 1048576,
            "filename": "e.qcow2",
            "cluster-size": 65536,
            "format": "qcow2",
            "actual-size": 208896,
            "format-specific": {
                "type": "qcow2",
                "data": {
                    "compat": "1.1",
                    "compression-type": "zlib",
                    "lazy-refcounts": false,
                    "bitmaps": [
                        {
                            "flags": [
                                "auto"
                            ],
                            "name": "b0",
                            "granularity": 65536
                        }
                    ],
                    "refcount-bits": 16,
                    "corrupt": false,
                    "extended-l2": false
                }
            },
            "dirty-flag": false
        }\
        """,
        JsonWriter.pretty(info));
  }

  @Test
  void emptyContainersTakeTwoLines() {
    var reply = new JsonObject().put("return", new JsonArray());
    assertEquals("{\n    \"return\": [\n    ]\n}", JsonWriter.pretty(reply));
    assertEquals("{\n}", JsonWriter.pretty(new JsonObject()));
    assertEquals("{\"return\": []}", JsonWriter.compact(reply));
  }

  @Test
  void charactersOutsideAsciiAreEscaped() {
    assertEquals(
        "\"x\\u0001\\t\\n\\r\\\"\\\\\\u00E9\\u20AC\\uD83D\\uDE00\\u007F\\b\\f\\u001F/\"",
        JsonWriter.compact(
            new JsonString("x\u0001\t\n\r\"\\\u00e9\u20ac\ud83d\ude00\u007f\b\f\u001f/")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"offset\": 512, \"driver\": \"raw\", \"size\": 1024, \"file\": {\"driver\": \"file\","
            + " \"filename\": \"a.qcow2\"}}",
        "{\"children\": [{\"driver\": \"null-co\"}, {\"read-zeroes\": true, \"driver\":"
            + " \"null-co\"}], \"driver\": \"quorum\", \"blkverify\": false, \"vote-threshold\":"
            + " 1}",
        "{\"driver\": \"raw\", \"file\": {\"fat-type\": 0, \"dir\": \"d\", \"driver\": \"vvfat\","
            + " \"floppy\": false, \"rw\": false}}",
      })
  void keysComeInTheOrderOfJsonNames(String printed) throws BlockException {
    JsonObject object = JsonReader.parseObject(printed);
    var reversed = new JsonObject();
    object.members().entrySet().stream()
        .sorted(Map.Entry.<String, JsonValue>comparingByKey().reversed())
        .forEach(member -> reversed.put(member.getKey(), member.getValue()));
    assertEquals(printed, JsonWriter.compact(reversed));
  }

  @Test
  void generalFormatIsThatOfC() {
    // printf "%.3g" and "%.17g" of glibc
    assertEquals("1e+03", GeneralFormat.of(999.5, 3));
    assertEquals("0.977", GeneralFormat.of(0.9765625, 3));
    assertEquals("1.5", GeneralFormat.of(1.5, 3));
    assertEquals("1e-05", GeneralFormat.of(0.00001, 3));
    assertEquals("-1.23e+100", GeneralFormat.of(-1.234e100, 3));
    assertEquals("0.10000000000000001", GeneralFormat.of(0.1, 17));
    assertEquals("1e+17", GeneralFormat.of(1e17, 17));
    assertEquals("100", GeneralFormat.of(100, 3));
    assertEquals("-0", GeneralFormat.of(-0.0, 3));
  }
}
