// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

/**
 * A kind of block status.
 *
 * @param id by which the server's status chunks name it on this connection
 * @param name namespace, colon, name in it
 */
public record MetaContext(int id, String name) {
  /** {@link BlockDescriptor#HOLE} and {@link BlockDescriptor#ZERO}. */
  public static final String BASE_ALLOCATION = "base:allocation";

  /** The status is the number of the layer that has the data: 0 none, 1 the top, 2 its backing. */
  public static final String QEMU_ALLOCATION_DEPTH = "qemu:allocation-depth";

  /** Before a bitmap's name; the status is {@link BlockDescriptor#DIRTY} or 0. */
  public static final String QEMU_DIRTY_BITMAP = "qemu:dirty-bitmap:";

  /**
   * Whether a query finds the context {@code name}. Listing, a namespace alone finds all in it, and
   * {@code qemu:dirty-bitmap:} all bitmaps; choosing takes whole names only.
   */
  public static boolean matches(String query, String name, boolean listing) {
    return query.equals(name) || (listing && query.endsWith(":") && name.startsWith(query));
  }
}
