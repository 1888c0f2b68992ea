// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import java.util.Map;

/** What {@code -vga} asks for. */
enum VgaOption {
  /** A standard VGA, unless a device is one, or there are no defaults. */
  DEFAULT,
  STANDARD,
  NONE;

  /** Adapters that the reference knows, but not this board. */
  private static final Map<String, String> OTHERS =
      Map.of(
          "cirrus", "Cirrus VGA",
          "vmware", "VMWare SVGA",
          "qxl", "QXL VGA",
          "virtio", "Virtio VGA",
          "tcx", "TCX framebuffer",
          "cg3", "CG3 framebuffer");

  static VgaOption named(String name) throws BlockException {
    if (name.equals("std")) {
      return STANDARD;
    }
    if (name.equals("none")) {
      return NONE;
    }
    String known = OTHERS.get(name);
    throw CommandLine.error(known == null ? "unknown vga type: " + name : known + " not available");
  }
}
