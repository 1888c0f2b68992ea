// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;

/**
 * Decides which files named <em>inside</em> an image may be opened: whoever wrote the image chose
 * those names, not the user.
 */
@FunctionalInterface
public interface OpenGate {
  /**
   * Lets the reference pass or throws.
   *
   * @param edge {@code backing} or {@code data-file}
   * @param image the name of the image that refers
   * @param target the name that it refers to, already combined with the image's folder
   */
  void check(String edge, String image, String target) throws BlockException;

  /** Nothing may be opened: for those who embed the library and trust no image. */
  OpenGate DENY =
      (edge, image, target) -> {
        throw new BlockException(
            Errno.EPERM,
            "Image '"
                + image
                + "' names the "
                + edge
                + " file '"
                + target
                + "', which the caller's policy does not allow to open");
      };

  /** Everything may be opened, as QEMU does: for tools whose user vouches for the image. */
  OpenGate AS_QEMU = (edge, image, target) -> {};

  /** Files in the image's own folder may be opened. */
  OpenGate SAME_FOLDER =
      (edge, image, target) -> {
        if (target.indexOf(':') >= 0
            && (target.indexOf('/') < 0 || target.indexOf(':') < target.indexOf('/'))) {
          DENY.check(edge, image, target);
        }
        String folder = image.substring(0, image.lastIndexOf('/') + 1);
        if (!target.startsWith(folder) || target.indexOf('/', folder.length()) >= 0) {
          DENY.check(edge, image, target);
        }
      };
}
