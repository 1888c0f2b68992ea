// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.compression;

import io.airlift.compress.v3.zstd.ZstdNativeCompressor;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Loads libzstd without leaving it behind: aircompressor unpacks it to a temporary file that only
 * an orderly end of the JVM would delete, and a tool ends otherwise.
 */
final class ZstdLibrary {
  /** Where aircompressor unpacks to, if it is set. */
  private static final String FOLDER = "aircompressor.tmpdir";

  /** Whether the library serves this platform; the first look at it loads the library. */
  static final boolean LOADED = load();

  private ZstdLibrary() {}

  private static boolean load() {
    if (System.getProperty(FOLDER) != null) {
      return ZstdNativeCompressor.isEnabled(); // the user's folder is the user's to clean
    }
    Path folder;
    try {
      folder = Files.createTempDirectory("strata-zstd");
    } catch (IOException e) {
      return ZstdNativeCompressor.isEnabled(); // which will not find room either, and says no
    }
    System.setProperty(FOLDER, folder.toString());
    try {
      return ZstdNativeCompressor.isEnabled();
    } finally {
      System.clearProperty(FOLDER);
      delete(folder);
    }
  }

  /** What is loaded stays usable without its file; where a system forbids this, it stays. */
  private static void delete(Path folder) {
    File[] files = folder.toFile().listFiles();
    if (files != null) {
      for (File file : files) {
        tryDelete(file);
      }
    }
    tryDelete(folder.toFile());
  }

  private static void tryDelete(File file) {
    if (!file.delete()) {
      file.deleteOnExit();
    }
  }
}
