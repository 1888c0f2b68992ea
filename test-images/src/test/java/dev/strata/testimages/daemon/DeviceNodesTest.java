// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Which nodes devices have, and which they go on with. */
final class DeviceNodesTest extends DriveConversation {
  private static List<String> set(String path, String value) {
    return command("qom-set", "'path':'" + path + "','property':'drive','value':" + value);
  }

  private static List<String> get(String path) {
    return command("qom-get", "'path':'" + path + "','property':'drive'");
  }

  @Test
  void aDeviceGoesOnWithAnotherNode() throws Exception {
    compare(
        List.of(
            "-blockdev",
            "null-co,node-name=n,size=1048576",
            "-blockdev",
            "null-co,node-name=m,size=1048576",
            "-blockdev",
            "null-co,node-name=fixed,size=1048576,read-only=on",
            "-drive",
            "if=none,id=d,driver=null-co,size=1048576,node-name=low",
            "-device",
            "virtio-blk-pci,id=v,drive=n",
            "-device",
            "ide-hd,id=i,drive=d",
            "-device",
            "ide-cd,id=c"),
        script(
            get("/machine/peripheral/v"),
            get("/machine/peripheral/v/virtio-backend"),
            get("v"),
            get("i"),
            get("/machine/peripheral/c"),
            set("v", "'nothing'"),
            set("v", "''"),
            set("v", "5"),
            set("/machine/peripheral/v", "'m'"),
            get("v"),
            set("v", "'fixed'"),
            set("/machine/peripheral/i", "'m'"),
            set("i", "'n'"),
            get("i"),
            command("blockdev-del", "'node-name':'n'"),
            command("blockdev-del", "'node-name':'m'"),
            command("query-block"),
            human("info block")));
  }

  @Test
  void aFilterUnderADeviceSeesWhatItsGuestWrites() throws Exception {
    compare(
        List.of(
            "-blockdev",
            "file,node-name=low,filename=@/a.raw",
            "-blockdev",
            "file,node-name=kept,filename=@/b.raw",
            "-device",
            "ide-hd,bus=ide.0,id=i,drive=low"),
        script(
            writeSector(200),
            IDLE,
            command(
                "blockdev-add",
                "'driver':'copy-before-write','node-name':'over','file':'low','target':'kept'"),
            set("i", "'over'"),
            writeSector(5),
            IDLE,
            List.of(
                "run od|-An|-tx1|-j2560|-N4|@/a.raw",
                "run od|-An|-tx1|-j2560|-N4|@/b.raw",
                "run od|-An|-tx1|-j102400|-N4|@/b.raw"),
            set("i", "'low'"),
            command("blockdev-del", "'node-name':'over'")));
  }

  @Test
  void aDriveThatNoDeviceUsesHindersNobody() throws Exception {
    compare(
        List.of(
            "-drive",
            "if=none,id=d,file=@/a.raw,format=raw,node-name=n",
            "-device",
            "ide-hd,bus=ide.0,id=i,drive=n"),
        script(
            human("info block"),
            writeSector(5),
            IDLE,
            human("qemu-io d \\\"write 0 512\\\""),
            command("device_add", "'driver':'virtio-blk-pci','id':'v','drive':'d'")));
  }

  @Test
  void aMirrorsTargetGetsItsBackingFileAtTheEnd() throws Exception {
    compare(
        List.of("-blockdev", "raw,node-name=source,file.driver=file,file.filename=@/a.raw"),
        script(
            List.of("run qemu-img|create|-q|-f|qcow2|@/t.qcow2|1M"),
            command(
                "blockdev-add",
                "'driver':'qcow2','node-name':'target','backing':null,"
                    + "'file':{'driver':'file','filename':'@/t.qcow2'}"),
            command("blockdev-add", "'driver':'null-co','node-name':'below','size':1048576"),
            command(
                "blockdev-mirror",
                "'job-id':'j','device':'source','target':'target','sync':'full',"
                    + "'auto-finalize':false"),
            List.of("await BLOCK_JOB_READY"),
            command("job-complete", "'id':'j'"),
            List.of("await pending"),
            command("blockdev-snapshot", "'node':'below','overlay':'target'"),
            command("job-finalize", "'id':'j'"),
            List.of("await null"),
            command("blockdev-del", "'node-name':'below'")));
  }

  @Test
  void aFileThatGrowsFromNothingHasItsFirstBlock() throws Exception {
    compare(
        List.of(),
        script(
            List.of("run truncate|-s|0|@/new.raw"),
            command(
                "blockdev-add",
                "'driver':'file','node-name':'n','filename':'@/new.raw','cache':{'direct':true}"),
            command("block_resize", "'node-name':'n','size':1048576"),
            List.of("run stat|-c|%s %b|@/new.raw")));
  }
}
