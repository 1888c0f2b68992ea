// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import dev.strata.system.cpu.ir.Block;

/** Makes regions of what is hot; called by the interpreter's thread. */
public interface RegionMaker {
  /** How often a block is to run before it is hot. */
  int threshold();

  /** A block, about to run at {@code pc}, is hot; may give it a translation, now or later. */
  void hot(Interpreter core, Block block, long pc);

  /** Between blocks: regions that have become ready may be put to use. */
  void publish();
}
