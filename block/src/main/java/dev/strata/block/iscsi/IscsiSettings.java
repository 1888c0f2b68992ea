// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import org.jspecify.annotations.Nullable;

/**
 * What a node's options say.
 *
 * @param transport as libiscsi numbers it
 * @param portal host and port
 * @param lun 0 to 65535
 * @param chap null to log in without
 * @param headerDigest as libiscsi numbers it
 * @param timeoutSeconds after which a command without an answer is given up; 0 for never
 */
record IscsiSettings(
    int transport,
    String portal,
    String target,
    int lun,
    @Nullable Chap chap,
    String initiatorName,
    int headerDigest,
    int timeoutSeconds) {

  /** Who logs in, by the challenge-handshake authentication protocol. */
  record Chap(String user, String password) {
    @Override
    public String toString() {
      return user; // a password has no business in a message
    }
  }
}
