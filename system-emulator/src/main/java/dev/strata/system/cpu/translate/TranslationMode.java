// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

/**
 * When and how much is translated.
 *
 * @param threshold how often a block is to run before it is hot
 * @param inBackground whether the processor goes on meanwhile
 * @param mostInstructions of a region
 */
public record TranslationMode(int threshold, boolean inBackground, int mostInstructions) {
  /** What guests run with. */
  public static final TranslationMode NORMAL = new TranslationMode(2000, true, 100);

  /** Every block by itself, before it runs first: for tests. */
  public static final TranslationMode AT_ONCE = new TranslationMode(1, false, 200);
}
