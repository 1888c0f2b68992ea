// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.DriverKind;
import org.jspecify.annotations.Nullable;

/**
 * Decides which files named <em>inside</em> an image may be opened: whoever wrote the image chose
 * those names, not the user. What the user names is not asked about.
 */
@FunctionalInterface
public interface OpenGate {
  /**
   * A file that an image names.
   *
   * @param edge {@code backing} or {@code data-file}
   * @param image the plain name of the file that holds the image, or null if it is in none
   * @param target the name that it refers to, combined with the image's folder where that is what
   *     names are relative to
   * @param driver the kind of driver that the image asks for; null if it leaves that open, so that
   *     a format is guessed from the first bytes
   */
  record Reference(
      String edge, @Nullable String image, String target, @Nullable DriverKind driver) {

    /** The failure of a reference that is not let pass. */
    BlockException refused() {
      return new BlockException(
          Errno.EPERM,
          "Image '"
              + (image == null ? "without a file" : image)
              + "' names the "
              + edge
              + " file '"
              + target
              + "', which the caller's policy does not allow to open");
    }
  }

  /** Lets the reference pass or throws. */
  void check(Reference reference) throws BlockException;

  /** Nothing may be opened: for those who embed the library and trust no image. */
  OpenGate DENY =
      reference -> {
        throw reference.refused();
      };

  /** Everything may be opened, as QEMU does: for tools whose user vouches for the image. */
  OpenGate AS_QEMU = reference -> {};

  /**
   * Files in the image's own folder may be opened, as images or as they are. Names that ask for
   * another protocol or for a driver that is no image format, {@code json:}, other folders and
   * symbolic links out of the folder are refused.
   *
   * <p>Links are looked at before the file is opened: whoever can write the folder meanwhile can
   * put one there in between. Copy untrusted images into a folder that only you can write.
   */
  OpenGate SAME_FOLDER = new SameFolder();
}
