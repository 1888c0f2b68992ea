// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

/** What a parser did with an input, and must not. */
final class Finding extends AssertionError {
  private static final long serialVersionUID = 1;

  Finding(String what) {
    super(what);
  }

  Finding(String what, Throwable cause) {
    super(what, cause);
  }
}
