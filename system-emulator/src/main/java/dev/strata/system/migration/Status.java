// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.migration;

/**
 * How far a migration is.
 *
 * @see "QEMU qapi/migration.json, MigrationStatus"
 */
enum Status {
  NONE("none"),
  SETUP("setup"),
  CANCELLING("cancelling"),
  CANCELLED("cancelled"),
  ACTIVE("active"),
  POSTCOPY_ACTIVE("postcopy-active"),
  COMPLETED("completed"),
  FAILED("failed"),
  PRE_SWITCHOVER("pre-switchover"),
  DEVICE("device");

  private final String word;

  Status(String word) {
    this.word = word;
  }

  /** The reference's word. */
  String word() {
    return word;
  }

  /** Whether a machine is on its way. */
  boolean isUnderWay() {
    return switch (this) {
      case SETUP, CANCELLING, ACTIVE, POSTCOPY_ACTIVE, PRE_SWITCHOVER, DEVICE -> true;
      case NONE, CANCELLED, COMPLETED, FAILED -> false;
    };
  }
}
