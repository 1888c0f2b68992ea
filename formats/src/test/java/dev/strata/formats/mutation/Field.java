// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.mutation;

/**
 * A number in an image.
 *
 * @param structure which it belongs to; each is damaged as often as each other
 * @param name in the specification, with its index if there are many
 * @param offset in the file
 * @param width in bytes, 1 to 8
 * @param target the bits that say where something lies; 0 if none do
 * @param unit how many bytes those count: 1 if they are an offset
 */
public record Field(String structure, String name, long offset, int width, long target, long unit) {
  /** Whether it says where something lies. */
  public boolean points() {
    return target != 0;
  }
}
