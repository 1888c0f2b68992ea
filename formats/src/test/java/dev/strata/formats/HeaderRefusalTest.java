// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.driver.NodeFlags;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Headers that make no sense are refused in the words that QEMU 7.2 has for the same bytes. */
class HeaderRefusalTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "vdi|0x40|00|Image not in VDI format (bad signature beda1000)",
        "vdi|0x44|00|unsupported VDI image (version 1.0)",
        "vdi|0x154|0101|unsupported VDI image (unaligned block map offset 0x101)",
        "vdi|0x158|01|unsupported VDI image (unaligned data offset 0x401)",
        "vdi|0x168|01|unsupported VDI image (sector size 513 is not 512)",
        "vdi|0x178|01|unsupported VDI image (block size 1048577 is not 1048576)",
        "vdi|0x180|01|unsupported VDI image (disk size 10485760, image bitmap has room for"
            + " 1048576)",
        "vdi|0x183|ff|unsupported VDI image (too many blocks 4278190090, max is 536870784)",
        "vdi|0x1a8|01|unsupported VDI image (non-NULL link UUID)",
        "vdi|0x1b8|01|unsupported VDI image (non-NULL parent UUID)",
        "vdi|0x177|80|Unsupported VDI image size (size is 0x8000000000a00000, max supported is"
            + " 0x1fffff8000000)",
        "vpc|10|01|Incorrect header checksum",
        "vpc|0x200|58|Invalid header magic",
        "vpc|0x21c|ff|Max Table Entries too large (-16777210)",
        "vpc|0x21f|04|Page table too small",
        "vpc|0x220|01000200|Invalid block size 16777728",
        "vpc|0x220|00000000|Invalid block size 0",
        "vpc|0x600|007f0000|block-vpc: free_data_block_offset points after the end of file. The"
            + " image has been truncated.",
        "qed|4|01|QED cluster size is invalid",
        "qed|8|03|QED table size is invalid",
        "qed|0x10|08|Unsupported QED features: 8",
        "qed|0x28|01|QED table offset is invalid",
        "qed|0x30|01|QED image size is invalid",
        "qcow|4|00000007|qcow (v1) does not support qcow version 7",
        "qcow|24|ff|Image too large",
        "qcow|32|08|Cluster size must be between 512 and 64k",
        "qcow|33|0e|L2 table size must be between 512 and 64k",
        "vmdk|4|04|Unsupported VMDK version 4",
        "vmdk|20|00|L1 entry size is invalid",
        "vmdk|20|00004000|Invalid granularity, image may be corrupt",
        "vmdk|44|0102|L2 table size too big",
        "vmdk|17|03|L1 size too big",
        "vmdk|19|80|Could not refresh total sector count: File too large",
        "vmdk|56|ffffffffffffffff|Invalid footer",
        "vmdk|64|ff|File truncated, expecting at least 130560 bytes",
        "vmdk|0|4b444d58|invalid VMDK image descriptor",
        "qcow|36|01|invalid encryption method in qcow header",
      })
  void isWorded(String format, String position, String bytes, String message) throws Exception {
    Path image = folder.resolve("disk");
    TestDisk.create(format, image, "size", String.valueOf(10 << 20));
    byte[] content = Files.readAllBytes(image);
    byte[] wrong = HexFormat.of().parseHex(bytes);
    System.arraycopy(wrong, 0, content, Integer.decode(position), wrong.length);
    Files.write(image, content);
    var e =
        assertThrows(
            BlockException.class,
            () -> TestDisk.open(image, NodeFlags.READ_ONLY, "driver", format).close());
    assertEquals(message, e.getMessage().replace("Could not open '" + image + "': ", ""));
  }
}
