// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

/** A promise that was broken. */
public final class Violation extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Says what was promised and is not so. */
  public Violation(String message) {
    super(message);
  }

  /** As it came to light. */
  public Violation(String message, Throwable cause) {
    super(message + ": " + cause, cause);
  }
}
