// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;

/**
 * A place for the master key, encrypted by one passphrase.
 *
 * @param state {@link #ACTIVE} or {@link #INACTIVE}
 * @param iterations of the passphrase's PBKDF2; 0 if not active
 * @param salt 32 bytes
 * @param materialSector where the key's stripes begin, in sectors
 * @param stripes how many there are
 * @see "LUKS On-Disk Format Specification 1.2.3, figure 2"
 */
record KeySlot(long state, long iterations, byte[] salt, long materialSector, long stripes) {
  static final long ACTIVE = 0x00ac71f3;
  static final long INACTIVE = 0x0000dead;
  static final int SALT_BYTES = 32;

  /** The specification's, of which no other number is in use. */
  static final int STRIPES = 4000;

  static KeySlot decode(StructReader in) throws BlockException {
    long state = in.u32("active"); //                        0
    long iterations = in.u32("iterations"); //               4
    byte[] salt = in.bytes("salt", SALT_BYTES); //           8
    long material = in.u32("key-material-offset"); //       40
    long stripes = in.u32("stripes"); //                    44
    return new KeySlot(state, iterations, salt, material, stripes);
  }

  void encode(StructWriter out) {
    out.u32(state);
    out.u32(iterations);
    out.bytes(salt);
    out.u32(materialSector);
    out.u32(stripes);
  }

  boolean isActive() {
    return state == ACTIVE;
  }

  /** The same place, without a key. */
  KeySlot erased() {
    return new KeySlot(INACTIVE, 0, new byte[SALT_BYTES], materialSector, stripes);
  }

  /** The same place, with a key. */
  KeySlot holding(long iterations, byte[] salt) {
    return new KeySlot(ACTIVE, iterations, salt, materialSector, stripes);
  }
}
