// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

/** The 64-bit magic numbers of the handshake. */
final class Magic {
  static final long INIT = 0x4e42444d41474943L; // "NBDMAGIC"
  static final long OPTION = 0x49484156454f5054L; // "IHAVEOPT"
  static final long OLDSTYLE = 0x00420281861253L;
  static final long OPTION_REPLY = 0x3e889045565a9L;

  private Magic() {}
}
