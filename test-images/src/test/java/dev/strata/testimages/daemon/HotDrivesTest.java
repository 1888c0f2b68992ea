// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Drives that come, go and grow while the machine is there. */
final class HotDrivesTest extends DriveConversation {
  private static final List<String> DRIVES =
      List.of(
          "-drive",
          "if=none,id=d,file=@/a.raw,format=raw",
          "-drive",
          "if=none,id=used,file=@/b.raw,format=raw",
          "-device",
          "virtio-blk-pci,drive=used");

  @Test
  void drivesComeAndGo() throws Exception {
    compare(
        DRIVES,
        script(
            human("drive_add 0 if=none,id=new,file=@/floppy.img,format=raw"),
            human("drive_add 0 if=none,id=new,file=@/floppy.img,format=raw"),
            human("drive_add 0 if=none,id=other,file=@/floppy.img,format=raw"),
            human("drive_add 0 if=none,id=other,file=@/missing,format=raw"),
            human("drive_add 0 if=none,id=empty"),
            human("drive_add 0 if=virtio,file=null-co://,format=raw"),
            human("drive_add 0 if=none,file=null-co://,format=raw,nothing=1"),
            human("drive_add -n 0 driver=null-co"),
            human("drive_add -n 0 driver=null-co,node-name=n"),
            human("drive_add"),
            human("info block"),
            human("drive_del new"),
            human("drive_del new"),
            human("drive_del empty"),
            human("drive_del n"),
            human("drive_del"),
            human("drive_add 0 if=none,id=new,file=@/floppy.img,format=raw,readonly=on"),
            human("info block")));
  }

  @Test
  void aDriveThatCameLaterIsADevicesUntilThatGoes() throws Exception {
    compare(
        List.of("-device", "virtio-scsi-pci"),
        script(
            human("drive_add 0 if=none,id=new,file=@/a.raw,format=raw"),
            human("device_add scsi-hd,drive=new,id=disk"),
            human("info block"),
            human("device_add scsi-hd,drive=new,id=another"),
            command("device_del", "'id':'disk'"),
            List.of("await DEVICE_DELETED"),
            human("info block"),
            human("drive_add 0 if=none,id=new,file=@/b.raw,format=raw"),
            human("info block"),
            human("drive_del new"),
            human("info block")));
  }

  @Test
  void aDriveInUseGoesAndLeavesItsDeviceWithoutAMedium() throws Exception {
    compare(
        DRIVES,
        script(
            human("drive_del used"),
            human("drive_del used"),
            human("info block"),
            command("query-block"),
            command("query-named-block-nodes", "'flat':true")));
  }

  @Test
  void aDriveWithAJobStaysAndTheExportsOfOneThatGoesEnd() throws Exception {
    compare(
        DRIVES,
        script(
            command("nbd-server-start", "'addr':{'type':'unix','data':{'path':'@/nbd'}}"),
            command("nbd-server-add", "'device':'d'"),
            command("drive-mirror", "'device':'used','target':'@/t','sync':'full','format':'raw'"),
            List.of("await BLOCK_JOB_READY"),
            human("drive_del used"),
            human("drive_del d"),
            command("query-block-exports"),
            command("job-cancel", "'id':'used'"),
            List.of("await null")));
  }

  @Test
  void anExportEndsWithTheMediumOfItsDrive() throws Exception {
    compare(
        DRIVES,
        script(
            command("nbd-server-start", "'addr':{'type':'unix','data':{'path':'@/nbd'}}"),
            command("nbd-server-add", "'device':'d'"),
            command("eject", "'device':'d'"),
            command("query-block-exports")));
  }

  @Test
  void aSnapshotFreezesTheLayerBelow() throws Exception {
    compare(
        List.of("-drive", "if=none,id=d,file=@/a.raw,format=raw,node-name=low"),
        script(
            command(
                "blockdev-snapshot-sync", "'device':'d','snapshot-file':'@/over','format':'qcow2'"),
            human("info block -n low")));
  }

  @Test
  void imagesGrow() throws Exception {
    compare(
        DRIVES,
        script(
            human("block_resize d 8"),
            human("block_resize used 3M"),
            human("block_resize none 3M"),
            human("block_resize d"),
            human("block_resize d 1x"),
            human("block_resize d 0x100k"),
            command("query-block")));
  }
}
