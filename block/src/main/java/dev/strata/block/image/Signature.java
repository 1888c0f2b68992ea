// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.image;

import dev.strata.block.driver.SafetyFinding.Severity;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Bytes by which some program recognises a file.
 *
 * @param what the file would be
 * @param driver the format's name if it is that of a disk image; else empty
 * @param offset from the file's start, or from its end if negative
 * @param severity of being recognised as that beside being what it is
 */
record Signature(String what, String driver, int offset, byte[] bytes, Severity severity) {
  /** So many bytes from the start are enough for all. */
  static final int HEAD = 34 * 1024;

  /** So many bytes from the end are enough for all. */
  static final int TAIL = 512;

  /** All, each with a document of its own as source. */
  static final List<Signature> ALL =
      List.of(
          image("a qcow2 or qcow image", "qcow2", 0, "QFI\u00fb"),
          image("a QED image", "qed", 0, "QED\0"),
          image("a VMDK extent", "vmdk", 0, "KDMV"),
          image("a VMDK extent", "vmdk", 0, "COWD"),
          image("a VMDK descriptor, which names files", "vmdk", 0, "# Disk DescriptorFile"),
          image("a VHDX image", "vhdx", 0, "vhdxfile"),
          image("a VHD image", "vpc", 0, "conectix"),
          image("a VHD image, by its footer", "vpc", -512, "conectix"),
          image("a VHD image, by its footer", "vpc", -511, "conectix"),
          image("a VDI image", "vdi", 64, "\u007f\u0010\u00da\u00be"),
          image("a Parallels image", "parallels", 0, "WithoutFreeSpace"),
          image("a Parallels image", "parallels", 0, "WithouFreSpacExt"),
          image("a Bochs image", "bochs", 0, "Bochs Virtual HD Image"),
          image("a DMG image, by its trailer", "dmg", -512, "koly"),
          image("a cloop image", "cloop", 0, "#!/bin/sh\n#V2.0 Format"),
          other("an encrypted disk (LUKS)", 0, "LUKS\u00ba\u00be", Severity.SUSPICIOUS),
          other("a gzip file", 0, "\u001f\u008b\u0008", Severity.SUSPICIOUS),
          other("an xz file", 0, "\u00fd7zXZ\0", Severity.SUSPICIOUS),
          other("a zstd file", 0, "\u0028\u00b5\u002f\u00fd", Severity.SUSPICIOUS),
          other("a bzip2 file", 0, "BZh", Severity.SUSPICIOUS),
          other("a zip file", 0, "PK\u0003\u0004", Severity.SUSPICIOUS),
          other("a 7z file", 0, "7z\u00bc\u00af\u0027\u001c", Severity.SUSPICIOUS),
          other("a tar file", 257, "ustar", Severity.SUSPICIOUS),
          other("an ISO 9660 file system", 32769, "CD001", Severity.NOTE),
          other("a disk with a GUID partition table", 512, "EFI PART", Severity.NOTE),
          other("a disk with a GUID partition table", 4096, "EFI PART", Severity.NOTE),
          other("a disk with a master boot record", 510, "U\u00aa", Severity.NOTE));

  private static Signature image(String what, String driver, int offset, String bytes) {
    return new Signature(what, driver, offset, latin(bytes), Severity.DANGEROUS);
  }

  private static Signature other(String what, int offset, String bytes, Severity severity) {
    return new Signature(what, "", offset, latin(bytes), severity);
  }

  private static byte[] latin(String bytes) {
    return bytes.getBytes(StandardCharsets.ISO_8859_1);
  }

  /**
   * Whether a file has it.
   *
   * @param head the first {@link #HEAD} bytes or all of a shorter file
   * @param tail the last {@link #TAIL} bytes or all of a shorter file
   */
  boolean isIn(byte[] head, byte[] tail) {
    return offset >= 0 ? isAt(head, offset) : isAt(tail, tail.length + offset);
  }

  private boolean isAt(byte[] place, int at) {
    if (at < 0 || at + bytes.length > place.length) {
      return false;
    }
    for (int i = 0; i < bytes.length; i++) {
      if (place[at + i] != bytes[i]) {
        return false;
      }
    }
    return true;
  }
}
