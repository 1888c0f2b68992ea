// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What clients do to a board beside its drives, and hear of it. */
final class BoardEventsTest extends DriveConversation {
  @Test
  void clientsHearOfWhatABalloonTakes() throws Exception {
    compare(
        List.of("-m", "64", "-device", "virtio-balloon-pci"),
        script(
            ports(
                "outl 0xcf8 0x80001010", // the first card's ports
                "outl 0xcfc 0xc001",
                "outl 0xcf8 0x80001004",
                "outw 0xcfc 5",
                "outl 0xc018 0x1000"), // pages of 4 KiB that the guest has given away
            await("BALLOON_CHANGE"),
            command("query-balloon")));
  }

  @Test
  void keysHaveNumbers() throws Exception {
    compare(
        List.of(),
        script(
            command(
                "send-key",
                "'keys':[{'type':'number','data':30},{'type':'number','data':200},"
                    + "{'type':'number','data':65}]"),
            List.of(
                "until inb 0x60 0xff 0x1c",
                "until inb 0x60 0xff 0xe0",
                "until inb 0x60 0xff 0x75",
                "until inb 0x60 0xff 0x83")));
  }

  @Test
  void aDeviceIsGoneForOthersAfterWhoeverTookItOutHasAnAnswer() throws Exception {
    compare(
        List.of("-device", "virtio-scsi-pci", "-device", "scsi-cd,id=cd"),
        script(human("device_del cd"), await("DEVICE_DELETED"), human("device_del cd")));
  }
}
