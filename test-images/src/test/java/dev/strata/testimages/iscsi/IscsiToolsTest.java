// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.iscsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.peer.BothTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Our tools and the reference's with the same arguments, on units of a real target. */
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
final class IscsiToolsTest {
  private static final int MIB = 1 << 20;
  private static final Path REFERENCE_MODULE =
      Path.of("/usr/lib/x86_64-linux-gnu/qemu/block-iscsi.so");

  @TempDir private Path folder;
  private BothTools tools;
  private IscsiTarget target;

  @BeforeEach
  void start() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/sbin/tgtd")), "no tgtd (Debian's package tgt)");
    assumeTrue(
        Files.exists(REFERENCE_MODULE), "no iscsi in qemu-img (Debian's package qemu-block-extra)");
    tools = new BothTools(folder);
    target = IscsiTarget.start(folder);
    target.add(1, 16 * MIB, "online=1");
    target.add(2, 16 * MIB, "thin_provisioning=1");
    target.add(3, MIB, "readonly=1");
  }

  @AfterEach
  void stop() {
    if (target != null) {
      target.close();
    }
  }

  private String options(String more) {
    return "driver=iscsi,transport=tcp,portal=" + target.portal() + more;
  }

  @Test
  void whatCannotBeOpenedIsToldInTheSameWords() throws Exception {
    String place = "iscsi://" + target.portal() + "/";
    tools.assertSame("qemu-img", "info", target.url(9));
    tools.assertSame("qemu-img", "info", place + "iqn.2026-01.test:nope/1");
    tools.assertSame("qemu-img", "info", "iscsi://host.invalid/" + IscsiTarget.NAME + "/1");
    tools.assertSame("qemu-img", "info", place + IscsiTarget.NAME);
    tools.assertSame("qemu-img", "info", "--image-opts", options(""));
    String disk = ",target=" + IscsiTarget.NAME + ",lun=1";
    tools.assertSame("qemu-img", "info", "--image-opts", options(disk + ",header-digest=foo"));
    tools.assertSame("qemu-img", "info", "--image-opts", options(disk + ",filename=x"));
    tools.assertSame("qemu-img", "info", "--image-opts", options(disk + ",user=me"));
    tools.assertSame(
        "qemu-img", "info", "--image-opts", options(disk + ",user=me,password-secret=s"));
    tools.assertSame("qemu-io", "-f", "raw", "-c", "write 0 4k", target.url(3));
    tools.assertSame("qemu-img", "create", "-f", "raw", target.url(3), "1M");
  }

  @Test
  void whoHasAPasswordLogsIn() throws Exception {
    target.admin("--op", "new", "--mode", "account", "--user", "me", "--password", "longsecret1");
    target.admin("--op", "bind", "--mode", "account", "--tid", "1", "--user", "me");
    String rest = target.portal() + "/" + IscsiTarget.NAME + "/1";
    tools.assertSame("qemu-img", "info", "iscsi://" + rest);
    tools.assertSame("qemu-img", "info", "iscsi://me%wrongwrong@" + rest);
    tools.assertSame("qemu-img", "info", "iscsi://me%longsecret1@" + rest);
    String node = options(",lun=1,user=me,password-secret=s,target=" + IscsiTarget.NAME);
    for (String password : new String[] {"longsecret1", "wrongwrong"}) {
      String secret = "secret,id=s,data=" + password;
      tools.assertSame("qemu-img", "info", "--object", secret, "--image-opts", node);
    }
  }

  @Test
  void whatIsThereIsDescribedTheSame() throws Exception {
    tools.reference("qemu-io", "-f", "raw", "-c", "write -P 1 1M 1M", target.url(2));
    for (int lun = 1; lun <= 3; lun++) {
      tools.assertSame("qemu-img", "info", target.url(lun));
      tools.assertSame("qemu-img", "info", "--output=json", target.url(lun));
      tools.assertSame("qemu-img", "map", "--output=json", "-f", "raw", target.url(lun));
    }
    tools.assertSame("qemu-img", "create", "-f", "raw", target.url(1), "32M");
    tools.assertSame("qemu-img", "resize", "-f", "raw", target.url(1), "32M");
    tools.assertSame("qemu-img", "create", "-f", "qcow2", target.url(1), "8M");
    tools.assertSame("qemu-img", "info", target.url(1));
    tools.assertSame("qemu-img", "check", target.url(1));
  }

  @Test
  void requestsOfAllKindsEndTheSame() throws Exception {
    for (int lun = 1; lun <= 2; lun++) {
      String[] commands = {
        "write -P 1 0 512",
        "write -P 2 1 1000",
        "write -f -P 3 64k 64k",
        "write -z 4k 4k",
        "write -zu 1M 1M",
        "write -zn 2M 1M",
        "discard 64k 4k",
        "flush",
        "read -P 2 1 1000",
        "read -v 0 16",
        "write 15M 2M",
        "length"
      };
      var words = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
      for (String command : commands) {
        words.addAll(List.of("-c", command));
      }
      words.add(target.url(lun));
      tools.assertSame(words.toArray(String[]::new));
    }
  }

  @Test
  void imagesGoToTheTargetAndComeBack() throws Exception {
    byte[] content = new byte[16 * MIB];
    new Random(1).nextBytes(content);
    Arrays.fill(content, MIB, 4 * MIB, (byte) 0);
    write("a.raw", content);
    for (int lun = 1; lun <= 2; lun++) {
      String url = target.url(lun);
      tools.assertSame("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", "a.raw", url);
      tools.reference("qemu-img", "compare", "-f", "raw", "-F", "raw", "a.raw", url);
      tools.assertSame("qemu-img", "convert", "-f", "raw", "-O", "qcow2", url, "back.qcow2");
      tools.assertSame("qemu-img", "compare", "-f", "raw", "-F", "qcow2", url, "back.qcow2");
      String ours = tools.ours().resolve("back.qcow2").toString();
      tools.reference("qemu-img", "compare", "-f", "qcow2", "-F", "raw", ours, "a.raw");
      assertEquals(-1, Files.mismatch(folder.resolve("a.raw"), folder.resolve("lun" + lun)));
    }
  }

  private void write(String name, byte[] content) throws IOException {
    Files.write(folder.resolve(name), content);
    Files.write(tools.ours().resolve(name), content);
  }
}
