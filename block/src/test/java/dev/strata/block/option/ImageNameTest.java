// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code qemu-img 7.2 info} said of such names and of images with such backing files. */
class ImageNameTest {
  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      value = {
        "x:y,x",
        "./x:y,none",
        "a/b:c,none",
        ":x,''",
        "FILE:base.raw,FILE",
        "nbd,none",
        "a b:c,a b",
        "file:x:y,file",
        "nbd://h/x,nbd",
        "'',none"
      })
  void protocolEndsAtAColonBeforeAnySlash(String name, String protocol) {
    assertEquals(protocol, ImageName.protocol(name));
  }

  @ParameterizedTest
  @CsvSource({
    "d/o.qcow2,base.raw,d/base.raw",
    "/i/d/o.qcow2,base.raw,/i/d/base.raw",
    "d/o.qcow2,./base.raw,d/./base.raw",
    "d/o.qcow2,../base.raw,d/../base.raw",
    "d/o.qcow2,d/base.raw,d/d/base.raw",
    "d/o.qcow2,/i/base.raw,/i/base.raw",
    "d/o.qcow2,file:base.raw,file:base.raw",
    "d/o.qcow2,nbd:unix:x,nbd:unix:x",
    "d/o.qcow2,x:y,x:y",
    "d/o.qcow2,./x:y,d/./x:y",
    "d/o.qcow2,/,/",
    "o.qcow2,base.raw,base.raw",
    "./o.qcow2,base.raw,./base.raw",
    "d/../o.qcow2,base.raw,d/../base.raw",
  })
  void relativeBackingFilesAreInTheFolderOfTheImage(String image, String name, String combined) {
    assertEquals(combined, ImageName.combine(image, name));
  }

  @Test
  void protocolIsTakenOffAndPathsAreKeptFromHavingOne() {
    assertEquals("x:y", ImageName.withoutProtocol("file:x:y", "file"));
    assertEquals("files", ImageName.withoutProtocol("files", "file"));
    assertEquals("./x:y", ImageName.ofPath("x:y"));
    assertEquals("d/x:y", ImageName.ofPath("d/x:y"));
    assertTrue(ImageName.isAbsolute("/a"));
    assertFalse(ImageName.isAbsolute("a/b"));
  }

  @Test
  void jsonNamesHoldOptions() throws BlockException {
    assertTrue(ImageName.isJson("json:{}"));
    assertEquals(
        BlockOptions.of("driver", "raw", "file.driver", "file"),
        ImageName.parseJson("json: {'driver':'raw','file':{'driver':'file'}}"));
    assertEquals(
        "Invalid JSON object given",
        assertThrows(BlockException.class, () -> ImageName.parseJson("json:[]")).getMessage());
    assertEquals(
        "Could not parse the JSON options: JSON parse error, invalid keyword 'x'",
        assertThrows(BlockException.class, () -> ImageName.parseJson("json:x")).getMessage());
  }
}
