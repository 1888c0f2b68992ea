// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.BlockException;
import dev.strata.block.nbd.protocol.NbdError;

/**
 * Why a request fails.
 *
 * @param error of {@link NbdError}
 * @param message for a person; sent where replies can carry one
 */
record Refusal(int error, String message) {
  static final Refusal READ_ONLY = new Refusal(NbdError.EPERM, "Export is read-only");
  static final Refusal TOO_LONG =
      new Refusal(NbdError.EINVAL, "request is longer than the maximum block size");
  static final Refusal OUTSIDE = new Refusal(NbdError.EINVAL, "operation past EOF");
  static final Refusal NO_SPACE = new Refusal(NbdError.ENOSPC, "operation past EOF");
  static final Refusal FLAGS = new Refusal(NbdError.EINVAL, "unsupported flags");
  static final Refusal COMMAND = new Refusal(NbdError.EINVAL, "invalid request type");
  static final Refusal NO_CONTEXT =
      new Refusal(NbdError.EINVAL, "block status without a chosen meta context");
  static final Refusal NO_LENGTH = new Refusal(NbdError.EINVAL, "need non-zero length");
  static final Refusal NO_PAYLOAD = new Refusal(NbdError.EINVAL, "write without its payload");
  static final Refusal NO_MEMORY = new Refusal(NbdError.ENOMEM, "out of memory");

  static Refusal of(BlockException failure) {
    return new Refusal(NbdError.of(failure.errno()), failure.getMessage());
  }
}
