// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.option.ImageName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Lets images name files beside them, and nothing else. */
final class SameFolder implements OpenGate {
  @Override
  public void check(Reference reference) throws BlockException {
    String image = reference.image();
    String target = reference.target();
    boolean allowed =
        image != null
            && (reference.driver() == null || reference.driver() == DriverKind.FORMAT)
            && ImageName.protocol(image) == null
            && ImageName.protocol(target) == null
            && isFileName(target.substring(folder(target).length()))
            && sameFolder(folder(image), folder(target))
            && staysInFolder(target);
    if (!allowed) {
      throw reference.refused();
    }
  }

  private static String folder(String name) {
    return name.substring(0, name.lastIndexOf('/') + 1);
  }

  private static boolean isFileName(String name) {
    return !name.isEmpty() && !name.equals(".") && !name.equals("..");
  }

  /** By name only: foreign folders are not even looked at. */
  private static boolean sameFolder(String image, String target) {
    if (image.equals(target)) {
      return true;
    }
    try {
      Path folder = Path.of(image).toAbsolutePath();
      // Dots in between are resolved by the host, maybe through links: no name is like another
      // then.
      return folder.equals(folder.normalize()) && folder.equals(Path.of(target));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static boolean staysInFolder(String target) {
    try {
      Path file = Path.of(target);
      if (!Files.isSymbolicLink(file)) {
        return true;
      }
      Path folder = Path.of(folder(target)).toAbsolutePath().toRealPath();
      return folder.equals(file.toRealPath().getParent());
    } catch (IOException | InvalidPathException e) {
      return false;
    }
  }
}
