// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

/** A promise that was broken. */
final class Violation extends RuntimeException {
  private static final long serialVersionUID = 1;

  Violation(String message) {
    super(message);
  }

  Violation(String message, Throwable cause) {
    super(message + ": " + cause, cause);
  }
}
