// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Media that are changed while a guest runs. */
final class DriveMediaTest extends DriveConversation {
  private static List<String> packet(int... bytes) {
    int[] whole = Arrays.copyOf(bytes, 12);
    var lines =
        new ArrayList<>(
            ports(
                "outb 0x176 0xa0",
                "outb 0x171 0",
                "outb 0x174 0xfe",
                "outb 0x175 0xff",
                "outb 0x177 0xa0"));
    lines.add("until inb 0x177 0x80 0");
    for (int at = 0; at < 12; at += 2) {
      lines.add("ports outw 0x170 " + (whole[at] | whole[at + 1] << 8));
    }
    lines.add("until inb 0x177 0x80 0");
    return lines;
  }

  private static List<String> answered(int words) {
    return script(
        ports("inb 0x174"), ports(Collections.nCopies(words, "inw 0x170").toArray(String[]::new)));
  }

  private static final List<String> TEST_UNIT_READY = script(packet(0), ports("inb 0x171"));
  private static final List<String> SENSE = script(packet(3, 0, 0, 0, 18), answered(9));
  private static final List<String> EVENT =
      script(packet(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), answered(4));
  private static final List<String> CAPACITY = script(packet(0x25), answered(4));
  private static final List<String> LOCK = packet(0x1e, 0, 0, 0, 1);

  private static final List<String> CD =
      List.of("-drive", "if=ide,index=2,media=cdrom,id=cd,file=@/a.raw,format=raw,node-name=first");

  private static List<String> change(String file) {
    return command(
        "blockdev-change-medium", "'device':'cd','filename':'@/" + file + "','format':'raw'");
  }

  @Test
  void anotherMediumIsSeenByTheGuest() throws Exception {
    compare(
        CD,
        script(
            command("query-block"),
            human("info block"),
            TEST_UNIT_READY,
            EVENT,
            change("b.raw"),
            EVENT,
            EVENT,
            TEST_UNIT_READY,
            SENSE,
            TEST_UNIT_READY,
            TEST_UNIT_READY,
            SENSE,
            TEST_UNIT_READY,
            CAPACITY,
            human("info block cd"),
            command("query-block")));
  }

  @Test
  void aMediumIsTakenOutAndAnotherPutIn() throws Exception {
    compare(
        script(CD, List.of("-device", "ide-cd,bus=ide.1,unit=1,id=second")),
        script(
            command("eject", "'device':'cd'"),
            EVENT,
            TEST_UNIT_READY,
            SENSE,
            human("info block"),
            command("blockdev-close-tray", "'device':'cd'"),
            command("blockdev-close-tray", "'device':'cd'"),
            EVENT,
            TEST_UNIT_READY,
            command(
                "blockdev-add",
                "'driver':'raw','node-name':'b','read-only':true,"
                    + "'file':{'driver':'file','filename':'@/b.raw'}"),
            command("blockdev-insert-medium", "'id':'second','node-name':'nix'"),
            command("blockdev-insert-medium", "'id':'second','node-name':'b'"),
            command("blockdev-remove-medium", "'id':'second'"),
            command("blockdev-open-tray", "'id':'second'"),
            command("blockdev-open-tray", "'id':'second'"),
            command("blockdev-insert-medium", "'id':'second','node-name':'b'"),
            command("blockdev-insert-medium", "'id':'second','node-name':'b'"),
            command("query-block"),
            command("blockdev-close-tray", "'id':'second'"),
            command("blockdev-del", "'node-name':'b'"),
            command("eject", "'id':'second'"),
            command("blockdev-remove-medium", "'id':'second'"),
            command("blockdev-del", "'node-name':'b'"),
            command("query-block")));
  }

  @Test
  void aLockedTrayStaysShutUntilTheGuestOrForceOpensIt() throws Exception {
    compare(
        CD,
        script(
            LOCK,
            command("query-block"),
            command("eject", "'device':'cd'"),
            EVENT,
            EVENT,
            command("blockdev-open-tray", "'device':'cd'"),
            EVENT,
            change("b.raw"),
            human("info block cd"),
            packet(0x1b, 0, 0, 0, 2),
            SENSE,
            packet(0x1e),
            packet(0x1b, 0, 0, 0, 2),
            command("query-block"),
            EVENT,
            packet(0x1b, 0, 0, 0, 3),
            TEST_UNIT_READY,
            LOCK,
            command("eject", "'device':'cd','force':true"),
            EVENT,
            command("query-block")));
  }

  @Test
  void peopleChangeMediaToo() throws Exception {
    compare(
        script(CD, List.of("-drive", "if=floppy,id=fd")),
        script(
            human("info block"),
            human("eject cd"),
            human("change cd @/b.raw raw"),
            human("info block cd"),
            human("change cd @/a.raw raw read-write"),
            human("info block cd"),
            human("change cd @/a.raw raw sometimes"),
            human("change cd @/none.raw raw"),
            human("change cd @/a.raw nix"),
            human("change nix @/a.raw raw"),
            human("change cd"),
            human("eject"),
            human("eject nix"),
            human("eject -x cd"),
            human("eject cd"),
            human("eject -f cd"),
            human("info block cd"),
            human("info block nix"),
            human("help eject"),
            human("help change"),
            human("help commit"),
            human("info blockstats")));
  }

  @Test
  void aFloppyHasNoTray() throws Exception {
    compare(
        List.of("-drive", "if=floppy,id=fd"),
        script(
            command("query-block"),
            ports("inb 0x3f7"),
            command("blockdev-open-tray", "'device':'fd'"),
            command("blockdev-close-tray", "'device':'fd'"),
            command(
                "blockdev-change-medium", "'device':'fd','filename':'@/floppy.img','format':'raw'"),
            ports("inb 0x3f7"),
            human("info block fd"),
            command("query-block"),
            command("eject", "'device':'fd'"),
            ports("inb 0x3f7"),
            command("query-block")));
  }

  @Test
  void whatIsNotRemovableStays() throws Exception {
    compare(
        List.of(
            "-drive",
            "if=none,id=hd,file=@/a.raw,format=raw,node-name=node",
            "-device",
            "ide-hd,bus=ide.0,id=disk,drive=hd"),
        script(
            command("eject", "'device':'hd'"),
            command("blockdev-open-tray", "'id':'disk'"),
            command("blockdev-close-tray", "'id':'disk'"),
            command("blockdev-remove-medium", "'id':'disk'"),
            command("blockdev-insert-medium", "'id':'disk','node-name':'node'"),
            command("blockdev-change-medium", "'id':'disk','filename':'@/b.raw','format':'raw'"),
            command("blockdev-open-tray", "'id':'disk','device':'hd'"),
            command("blockdev-open-tray", "'id':'nix'"),
            command("eject", "'device':'nix'"),
            human("change hd @/b.raw raw"),
            human("eject hd")));
  }
}
