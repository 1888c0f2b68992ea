// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DeviceModelTest {
  /** Scripts look there for what a program has. */
  @Test
  void theListHasTheReferencesLines() {
    assertEquals(
        """
        Storage devices:
        name "floppy", bus floppy-bus, desc "virtual floppy drive"
        name "ide-cd", bus IDE, desc "virtual IDE CD-ROM"
        name "ide-hd", bus IDE, desc "virtual IDE disk"
        name "scsi-cd", bus SCSI, desc "virtual SCSI CD-ROM"
        name "scsi-hd", bus SCSI, desc "virtual SCSI disk"
        name "virtio-blk-pci", bus PCI, alias "virtio-blk"
        name "virtio-scsi-pci", bus PCI, alias "virtio-scsi"

        Input devices:
        name "virtconsole", bus virtio-serial-bus
        name "virtio-serial-pci", bus PCI, alias "virtio-serial"
        name "virtserialport", bus virtio-serial-bus

        Display devices:
        name "VGA", bus PCI

        Misc devices:
        name "isa-debug-exit", bus ISA
        name "isa-debugcon", bus ISA
        name "pvpanic", bus ISA
        name "pvpanic-pci", bus PCI
        name "virtio-balloon-pci", bus PCI, alias "virtio-balloon"
        name "virtio-rng-pci", bus PCI, alias "virtio-rng"
        """,
        DeviceModel.list());
  }

  @Test
  void aModelGoesByItsNameAndItsAlias() {
    assertSame(DeviceModel.VIRTIO_DISK, DeviceModel.named("virtio-blk-pci"));
    assertSame(DeviceModel.VIRTIO_DISK, DeviceModel.named("virtio-blk"));
    assertNull(DeviceModel.named("virtio"));
  }

  @Test
  void withoutAQuestionTheAcceleratorHasToBeThere() {
    var e = assertThrows(BlockException.class, () -> CommandLine.parse(List.of("-accel", "xen")));
    assertEquals("-accel xen: invalid accelerator xen", e.getMessage());
  }

  /** Whatever machine is named beside it. */
  @ParameterizedTest
  @CsvSource({
    "-device, help, DEVICES",
    "-device, ?, DEVICES",
    "-drive, format=help, FORMATS",
    "-drive, format=?, FORMATS"
  })
  void aQuestionIsAnswered(String option, String argument, CommandLine.Answer answer)
      throws BlockException {
    List<String> words = List.of("-accel", "qtest", "-M", "none", option, argument);
    assertSame(answer, CommandLine.parse(words).answer);
  }
}
