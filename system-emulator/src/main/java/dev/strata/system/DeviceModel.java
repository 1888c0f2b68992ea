// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import org.jspecify.annotations.Nullable;

/** What {@code -device} can add to a machine. */
enum DeviceModel {
  FLOPPY(Category.STORAGE, "floppy", "floppy-bus", null, "virtual floppy drive"),
  IDE_CD(Category.STORAGE, "ide-cd", "IDE", null, "virtual IDE CD-ROM"),
  IDE_DISK(Category.STORAGE, "ide-hd", "IDE", null, "virtual IDE disk"),
  SCSI_CD(Category.STORAGE, "scsi-cd", "SCSI", null, "virtual SCSI CD-ROM"),
  SCSI_DISK(Category.STORAGE, "scsi-hd", "SCSI", null, "virtual SCSI disk"),
  VIRTIO_DISK(Category.STORAGE, "virtio-blk-pci", "PCI", "virtio-blk", null),
  SCSI_HOST(Category.STORAGE, "virtio-scsi-pci", "PCI", "virtio-scsi", null),
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

  private static final String DRIVE =
      """
        account-failed=<OnOffAuto> - on/off/auto (default: "auto")
        account-invalid=<OnOffAuto> - on/off/auto (default: "auto")
        drive=<str>            - Node name or ID of a block device to use as a backend
        share-rw=<bool>        -  (default: false)
        write-cache=<OnOffAuto> - on/off/auto (default: "auto")
      """;
  private static final String ERRORS =
      """
        rerror=<BlockdevOnError> - Error handling policy, report/ignore/enospc/stop/auto\
       (default: "auto")
        werror=<BlockdevOnError> - Error handling policy, report/ignore/enospc/stop/auto\
       (default: "auto")
      """;
  private static final String SERIAL = "  serial=<str>\n";
  private static final String THREAD = "  iothread=<link<iothread>>\n";
  private static final String UNIT =
      """
        channel=<uint32>       -  (default: 0)
        device_id=<str>
        lun=<uint32>           -  (default: 4294967295)
        port_index=<uint16>    -  (default: 0)
        port_wwn=<uint64>      -  (default: 0)
        product=<str>
        scsi-id=<uint32>       -  (default: 4294967295)
        vendor=<str>
        ver=<str>
        wwn=<uint64>           -  (default: 0)
      """;

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

  /** What a model is put on, as messages name it. */
  String busName() {
    return switch (bus) {
      case "PCI" -> "pci.0";
      case "IDE" -> "ide.1";
      case "ISA" -> "isa.0";
      case "floppy-bus" -> "floppy-bus.0";
      default -> bus;
    };
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
      case FLOPPY ->
          DRIVE
              + """
                drive-type=<FdcDriveType> - FDC drive type, 144/288/120/none/auto (default: "auto")
                logical_block_size=<size> - A power of two between 512 B and 2 MiB (default: 0)
                physical_block_size=<size> - A power of two between 512 B and 2 MiB (default: 0)
                unit=<uint32>          -  (default: 4294967295)
              """;
      case IDE_CD, IDE_DISK ->
          DRIVE + ERRORS + SERIAL + "  unit=<uint32>          -  (default: 4294967295)\n";
      case VIRTIO_DISK -> DRIVE + ERRORS + SERIAL + THREAD;
      case SCSI_HOST -> THREAD;
      case SCSI_CD -> DRIVE + ERRORS + SERIAL + UNIT;
      case SCSI_DISK ->
          DRIVE
              + ERRORS
              + SERIAL
              + UNIT
              + """
                dpofua=<bool>          - on/off (default: false)
                rotation_rate=<uint16> -  (default: 0)
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
