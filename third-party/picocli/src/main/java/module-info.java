// SPDX-License-Identifier: Apache-2.0
/** Picocli, compiled from its published sources. */
module info.picocli {
  requires static java.sql;

  exports picocli;
}
