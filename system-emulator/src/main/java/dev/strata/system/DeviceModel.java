// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import org.jspecify.annotations.Nullable;

/** What {@code -device} can add to a machine. */
enum DeviceModel {
  IDE_CD(Category.STORAGE, "ide-cd", "IDE", null, "virtual IDE CD-ROM"),
  IDE_DISK(Category.STORAGE, "ide-hd", "IDE", null, "virtual IDE disk"),
  VIRTIO_DISK(Category.STORAGE, "virtio-blk-pci", "PCI", "virtio-blk", null),
  VGA(Category.DISPLAY, "VGA", "PCI", null, null),
  DEBUG_EXIT(Category.MISC, "isa-debug-exit", "ISA", null, null),
  DEBUG_CONSOLE(Category.MISC, "isa-debugcon", "ISA", null, null),
  PANIC(Category.MISC, "pvpanic-pci", "PCI", null, null),
  ENTROPY(Category.MISC, "virtio-rng-pci", "PCI", "virtio-rng", null);

  private enum Category {
    STORAGE("Storage devices:"),
    DISPLAY("Display devices:"),
    MISC("Misc devices:");

    private final String heading;

    Category(String heading) {
      this.heading = heading;
    }
  }

  private final Category category;
  private final String name;
  private final String bus;
  private final @Nullable String alias;
  private final @Nullable String description;

  DeviceModel(
      Category category,
      String name,
      String bus,
      @Nullable String alias,
      @Nullable String description) {
    this.category = category;
    this.name = name;
    this.bus = bus;
    this.alias = alias;
    this.description = description;
  }

  /** The model of that name, or null. */
  static @Nullable DeviceModel named(String name) {
    for (DeviceModel model : values()) {
      if (name.equals(model.name) || name.equals(model.alias)) {
        return model;
      }
    }
    return null;
  }

  /** All of them, as {@code -device help} shows them; scripts read the lines. */
  static String list() {
    var text = new StringBuilder();
    for (Category category : Category.values()) {
      text.append(text.isEmpty() ? "" : "\n").append(category.heading).append('\n');
      for (DeviceModel model : values()) {
        if (model.category == category) {
          text.append(model.line());
        }
      }
    }
    return text.toString();
  }

  private String line() {
    String more = alias == null ? "" : ", alias \"" + alias + "\"";
    more += description == null ? "" : ", desc \"" + description + "\"";
    return "name \"" + name + "\", bus " + bus + more + "\n";
  }
}
