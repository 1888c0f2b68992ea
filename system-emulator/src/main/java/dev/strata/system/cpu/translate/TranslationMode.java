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
   * What guests run with: while a kernel boots, some 1400 regions become hot by this, with half the
   * threshold 1900; with twice as much the processor takes a twentieth longer.
   */
  public static final TranslationMode NORMAL =
      new TranslationMode(8_000, true, 100, HostAccess.best());

  /** Every block by itself, before it runs first: for tests. */
  public static final TranslationMode AT_ONCE =
      new TranslationMode(1, false, 200, HostAccess.best());
}
