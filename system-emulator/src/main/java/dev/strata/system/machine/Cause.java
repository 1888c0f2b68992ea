// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine;

/**
 * Why a machine ends or begins anew.
 *
 * @see "QEMU qapi/run-state.json, ShutdownCause"
 */
public enum Cause {
  HOST_QUIT("host-qmp-quit", false),
  HOST_RESET("host-qmp-system-reset", false),
  HOST_SIGNAL("host-signal", false),
  HOST_KEYS("host-ui", false),
  GUEST_SHUTDOWN("guest-shutdown", true),
  GUEST_RESET("guest-reset", true),
  GUEST_PANIC("guest-panic", true);

  private final String word;
  private final boolean guest;

  Cause(String word, boolean guest) {
    this.word = word;
    this.guest = guest;
  }

  /** The reference's word. */
  public String word() {
    return word;
  }

  /** Whether the guest wanted it. */
  public boolean isGuest() {
    return guest;
  }
}
