// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

/** What a region is run by: generated, one class each. */
public abstract class RegionCode {
  /** For generated classes. */
  protected RegionCode() {}

  /**
   * Runs until the guest's path leaves the region; its state is then in the interpreter. Faults of
   * the guest come out, the state precise.
   *
   * @param most leaves at the next branch backwards after so many instructions; negative: does
   *     nothing
   */
  public abstract void run(Region region, Interpreter core, long[] slots, int most);
}
