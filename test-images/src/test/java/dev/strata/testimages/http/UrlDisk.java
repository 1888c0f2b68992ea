// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.http;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.image.DiskImage;
import dev.strata.block.image.ImageFile;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Disks that servers have. */
final class UrlDisk {
  private UrlDisk() {}

  /**
   * Opens one.
   *
   * @param more members of the options, each behind a comma
   */
  static DiskImage open(String url, String more, Consumer<String> warnings) throws BlockException {
    String scheme = url.substring(0, url.indexOf(':'));
    String file = "{\"driver\":\"" + scheme + "\",\"url\":\"" + url + "\"" + more + "}";
    return ImageFile.of("json:{\"driver\":\"raw\",\"file\":" + file + "}")
        .warning(warnings::accept)
        .open();
  }

  static byte[] read(DiskImage disk, long offset, int length) throws BlockException {
    byte[] bytes = new byte[length];
    disk.read(offset, ByteBuffer.wrap(bytes));
    return bytes;
  }

  /** Why it cannot be opened, or not be read at an offset. */
  static String failure(String url, String more, int offset, Consumer<String> warnings) {
    return assertThrows(
            BlockException.class,
            () -> {
              try (DiskImage disk = open(url, more, warnings)) {
                read(disk, offset, 4096);
              }
            })
        .getMessage();
  }
}
