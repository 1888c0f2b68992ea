// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.FlatRange;
import dev.strata.system.memory.MemoryMapping;
import dev.strata.system.memory.MemoryRegion;
import java.util.ArrayList;
import java.util.Comparator;

/** Lists what is where in an address space. */
final class MemoryTree {
  private MemoryTree() {}

  /** What is mapped, by address, whether others lie over it or not. */
  static String tree(String name, String root, AddressSpace space) {
    var text = new StringBuilder("address-space: ").append(name).append('\n');
    range(text.append("  "), 0, space.size() - 1).append(" (prio 0, i/o): ");
    text.append(root).append('\n');
    var mappings = new ArrayList<>(space.mappings());
    mappings.sort(
        Comparator.comparingLong(MemoryMapping::base)
            .thenComparing(Comparator.comparingInt(MemoryMapping::priority).reversed()));
    for (MemoryMapping mapping : mappings) {
      MemoryRegion region = mapping.region();
      range(text.append("    "), mapping.base(), mapping.base() + mapping.length() - 1);
      text.append(" (prio ").append(mapping.priority()).append(", ").append(kind(region));
      text.append("): ");
      if (mapping.length() < region.size()) {
        text.append("alias ").append(region.name()).append(" @").append(region.name()).append(' ');
        range(text, mapping.offset(), mapping.offset() + mapping.length() - 1);
      } else {
        text.append(region.name());
      }
      text.append('\n');
    }
    return text.append('\n').toString();
  }

  /** What answers, by address. */
  static String flat(String name, String root, AddressSpace space) {
    var text = new StringBuilder("FlatView #").append(name.equals("memory") ? 0 : 1);
    text.append("\n AS \"").append(name).append("\", root: ").append(root);
    text.append("\n Root memory region: ").append(root).append('\n');
    for (FlatRange part : space.view()) {
      range(text.append("  "), part.start(), part.last());
      text.append(" (prio 0, ").append(kind(part.region())).append("): ");
      text.append(part.region().name());
      if (part.regionOffset() != 0) {
        text.append(" @").append(hex(part.regionOffset()));
      }
      text.append('\n');
    }
    return text.append('\n').toString();
  }

  private static StringBuilder range(StringBuilder text, long first, long last) {
    return text.append(hex(first)).append('-').append(hex(last));
  }

  private static String hex(long value) {
    String digits = Long.toHexString(value);
    return "0".repeat(16 - digits.length()) + digits;
  }

  private static String kind(MemoryRegion region) {
    if (region.writable()) {
      return "ram";
    }
    return region.isRomDevice() ? "romd" : region.readable() ? "rom" : "i/o";
  }
}
