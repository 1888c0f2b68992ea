// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

/**
 * When and how much is translated.
 *
 * @param threshold how often a block is to run before it is hot
 * @param inBackground whether the processor goes on meanwhile
 * @param mostInstructions of a region
 * @param access to the guest's memory
 */
public record TranslationMode(
    int threshold, boolean inBackground, int mostInstructions, HostAccess access) {
  /**
   * What guests run with: of what a kernel runs while it boots, some 800 blocks that ran 16 000
   * times are nine tenths, and the JIT needs more than twice the time for regions of twice the
   * length.
   */
  public static final TranslationMode NORMAL =
      new TranslationMode(16_000, true, 50, HostAccess.best());

  /** Every block by itself, before it runs first: for tests. */
  public static final TranslationMode AT_ONCE =
      new TranslationMode(1, false, 200, HostAccess.best());
}
