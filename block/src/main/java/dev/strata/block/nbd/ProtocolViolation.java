// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import java.io.IOException;

/** The server has sent what it may not: nothing that follows can be believed. */
final class ProtocolViolation extends IOException {
  private static final long serialVersionUID = 1;

  ProtocolViolation(String what) {
    super(what);
  }
}
