// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.pci;

/**
 * What classes of functions are called.
 *
 * @see "PCI Local Bus Specification 2.1, appendix D Class Codes"
 */
final class PciClass {
  private PciClass() {}

  /** The name of a class and subclass. */
  static String name(int number) {
    return switch (number) {
      case 0x0100 -> "SCSI controller";
      case 0x0101 -> "IDE controller";
      case 0x0106 -> "SATA controller";
      case 0x0300 -> "VGA controller";
      case 0x0600 -> "Host bridge";
      case 0x0601 -> "ISA bridge";
      case 0x0680 -> "Bridge";
      default -> "Class %04d".formatted(number);
    };
  }
}
