// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import org.jspecify.annotations.Nullable;

/** What {@code -device} can add to a machine. */
enum DeviceModel {
  IDE_CD(Category.STORAGE, "ide-cd", "IDE", null, "virtual IDE CD-ROM"),
  IDE_DISK(Category.STORAGE, "ide-hd", "IDE", null, "virtual IDE disk"),
  VIRTIO_DISK(Category.STORAGE, "virtio-blk-pci", "PCI", "virtio-blk", null),
  CONSOLE(Category.INPUT, "virtconsole", "virtio-serial-bus", null, null),
  CONSOLES(Category.INPUT, "virtio-serial-pci", "PCI", "virtio-serial", null),
  SERIAL_PORT(Category.INPUT, "virtserialport", "virtio-serial-bus", null, null),
  VGA(Category.DISPLAY, "VGA", "PCI", null, null),
  DEBUG_EXIT(Category.MISC, "isa-debug-exit", "ISA", null, null),
  DEBUG_CONSOLE(Category.MISC, "isa-debugcon", "ISA", null, null),
  PANIC_PORT(Category.MISC, "pvpanic", "ISA", null, null),
  PANIC(Category.MISC, "pvpanic-pci", "PCI", null, null),
  BALLOON(Category.MISC, "virtio-balloon-pci", "PCI", "virtio-balloon", null),
  ENTROPY(Category.MISC, "virtio-rng-pci", "PCI", "virtio-rng", null);

  private enum Category {
    STORAGE("Storage devices:"),
    INPUT("Input devices:"),
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

  /** The properties of a model, as {@code -device NAME,help} shows them. */
  String help() {
    String properties = properties();
    return properties.isEmpty()
        ? "There are no options for " + name + ".\n"
        : name + " options:\n" + properties;
  }

  private String properties() {
    return switch (this) {
      case IDE_CD, IDE_DISK, VIRTIO_DISK ->
          """
            account-failed=<OnOffAuto> - on/off/auto (default: "auto")
            account-invalid=<OnOffAuto> - on/off/auto (default: "auto")
            drive=<str>            - Node name or ID of a block device to use as a backend
            rerror=<BlockdevOnError> - Error handling policy, report/ignore/enospc/stop/auto\
           (default: "auto")
            serial=<str>
            werror=<BlockdevOnError> - Error handling policy, report/ignore/enospc/stop/auto\
           (default: "auto")
          """;
      case CONSOLE, SERIAL_PORT ->
          """
            chardev=<str>          - ID of a chardev to use as a backend
            name=<str>
            nr=<uint32>            -  (default: 4294967295)
          """;
      case CONSOLES -> "  max_ports=<uint32>     -  (default: 31)\n";
      case DEBUG_EXIT ->
          """
            iobase=<uint32>        -  (default: 1281)
            iosize=<uint32>        -  (default: 2)
          """;
      case DEBUG_CONSOLE ->
          """
            chardev=<str>          - ID of a chardev to use as a backend
            iobase=<uint32>        -  (default: 233)
          """;
      case PANIC_PORT -> "  ioport=<uint16>        -  (default: 1285)\n";
      case ENTROPY -> "  rng=<link<rng-backend>>\n";
      case VGA, PANIC, BALLOON -> "";
    };
  }

  private String line() {
    String more = alias == null ? "" : ", alias \"" + alias + "\"";
    more += description == null ? "" : ", desc \"" + description + "\"";
    return "name \"" + name + "\", bus " + bus + more + "\n";
  }
}
