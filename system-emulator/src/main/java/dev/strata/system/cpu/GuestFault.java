// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu;

/**
 * A guest instruction faulted: no error of ours, so one a processor, made once, without a stack.
 */
@SuppressWarnings("serial")
public final class GuestFault extends RuntimeException {
  /** The architecture's number of the fault. */
  public int vector;

  /** What the architecture tells of it; for x86 -1 where there is no error code. */
  public int code;

  /** One that carries no stack. */
  public GuestFault() {
    super(null, null, false, false);
  }

  /** Sets what happened. */
  public GuestFault with(int newVector, int newCode) {
    vector = newVector;
    code = newCode;
    return this;
  }
}
