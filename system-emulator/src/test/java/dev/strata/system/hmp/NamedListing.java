// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.system.machine.BoardListing;

/** A board of which nothing is told but what is asked for. */
record NamedListing() implements BoardListing {
  @Override
  public String memoryTree(boolean flat) {
    return flat ? "flat\n" : "tree\n";
  }

  @Override
  public String interruptControllers() {
    return "controllers\n";
  }

  @Override
  public String interruptCounts() {
    return "counts\n";
  }

  @Override
  public String roms() {
    return "ROMs\n";
  }

  @Override
  public String deviceTree() {
    return "devices\n";
  }

  @Override
  public String pciDevices() {
    return "cards\n";
  }
}
