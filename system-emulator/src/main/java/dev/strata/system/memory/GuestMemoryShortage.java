// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.memory;

/** The host does not give as much memory as a machine is to have. */
public final class GuestMemoryShortage extends OutOfMemoryError {
  private static final long serialVersionUID = 1;

  GuestMemoryShortage(String region) {
    super("cannot set up guest memory '" + region + "': Cannot allocate memory");
  }
}
