// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine;

/** What a board's monitor tells of it, in lines that end by newlines. On any thread. */
public interface BoardListing {
  /** Of no board. */
  BoardListing NONE =
      new BoardListing() {
        @Override
        public String memoryTree(boolean flat) {
          return "";
        }

        @Override
        public String interruptControllers() {
          return "";
        }

        @Override
        public String interruptCounts() {
          return "";
        }

        @Override
        public String roms() {
          return "";
        }

        @Override
        public String deviceTree() {
          return "";
        }

        @Override
        public String pciDevices() {
          return "";
        }
      };

  /**
   * What is where in memory and ports.
   *
   * @param flat what answers, instead of all that there is
   */
  String memoryTree(boolean flat);

  /** The interrupt controllers' registers. */
  String interruptControllers();

  /** How often interrupts have been raised. */
  String interruptCounts();

  /** What is in ROM, or comes by firmware. */
  String roms();

  /** The devices by their buses. */
  String deviceTree();

  /** The cards and chips on the PCI bus. */
  String pciDevices();
}
