// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import java.util.function.Consumer;

/** A format's factory that can tell what there is to fear of an image. */
public interface Inspectable {
  /**
   * Looks at the metadata of an image that is perhaps too odd to be opened. Opens no other file;
   * time and memory are bounded whatever the image says.
   *
   * @param file that holds the image; nothing is written to it
   * @throws BlockException if not even that can be read
   */
  void inspect(Child file, Consumer<SafetyFinding> found) throws BlockException;
}
