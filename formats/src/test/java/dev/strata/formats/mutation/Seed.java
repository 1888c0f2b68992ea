// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.mutation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * A sound image.
 *
 * @param name tells it from others
 * @param format the driver's name
 * @param image its main file
 * @param layout of the main file
 * @param others files that the image names, by their names
 * @param soundness of images made from it
 */
public record Seed(
    String name,
    String format,
    ImageBytes image,
    Layout layout,
    Map<String, byte[]> others,
    Function<ImageBytes, Soundness> soundness) {
  /** The name of the file that holds the guest's data, if the image itself does not. */
  public static final String DATA_FILE = "data.raw";

  /** Whether a repair gives back what nothing uses; the reference's QED driver does not. */
  boolean repairsLeaks() {
    return !format.equals("qed");
  }

  /** How the image in that folder is opened; the names in images are not relative to those. */
  public static String[] options(String format, Path folder, boolean dataFile) {
    return dataFile
        ? new String[] {
          "driver",
          format,
          "data-file.driver",
          "file",
          "data-file.filename",
          folder.resolve(DATA_FILE).toString()
        }
        : new String[] {"driver", format};
  }

  /** The files of a folder but one. */
  public static Map<String, byte[]> filesBeside(Path image) throws IOException {
    var files = new LinkedHashMap<String, byte[]>();
    try (var folder = Files.list(image.toAbsolutePath().getParent())) {
      for (Path file : folder.sorted().toList()) {
        if (!file.equals(image.toAbsolutePath())) {
          files.put(file.getFileName().toString(), Files.readAllBytes(file));
        }
      }
    }
    return files;
  }
}
