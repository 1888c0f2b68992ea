// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk by vhost-user, as the real daemon serves it and as the real emulator uses it. */
final class VhostUserExportTest {
  private static final Path FIRMWARE = Path.of("/usr/share/seabios/bios-256k.bin");
  private static final int SECTOR = 512;

  /** They end at once: the option after them makes no sense. */
  private static final List<String> WRONG =
      List.of(
          "",
          ",addr.type=unix",
          ",addr.type=unix,addr.path=@/v.sock,logical-block-size=100",
          ",addr.type=unix,addr.path=@/v.sock,logical-block-size=768",
          ",addr.type=unix,addr.path=@/v.sock,logical-block-size=4194304",
          ",addr.type=unix,addr.path=@/v.sock,num-queues=0",
          ",addr.type=unix,addr.path=@/v.sock,num-queues=65536",
          ",addr.type=unix,addr.path=@/v.sock,name=x",
          ",addr.type=inet,addr.host=localhost,addr.port=0",
          ",addr.type=fd,addr.str=55",
          ",addr.type=fd,addr.str=0",
          ",addr.type=fd,addr.str=zz",
          ",addr.type=unix,addr.path=@/" + "a".repeat(120),
          ",help",
          ",addr.type=unix,addr.path=@/v.sock,num-queues=65535,logical-block-size=0");

  @TempDir Path folder;

  @Test
  void optionsAreRefusedInTheRealDaemonsWords() throws Exception {
    Commands.assumeInstalled(ServingDaemon.REAL);
    Files.write(folder.resolve("disk"), new byte[1 << 20]);
    new Commands(folder).succeed(ServingDaemon.OURS, "--version"); // which may build it first
    assertEquals(refusals(ServingDaemon.REAL), refusals(ServingDaemon.OURS));
  }

  private List<String> refusals(String program) throws Exception {
    var said = new ArrayList<String>();
    for (String each : WRONG) {
      String export = "vhost-user-blk,id=e,node-name=disk" + each.replace("@", folder.toString());
      var words = new ArrayList<>(List.of(program, "--blockdev"));
      words.add("file,node-name=disk,filename=" + folder.resolve("disk"));
      words.addAll(List.of("--export", export, "--monitor", "nobody"));
      Commands.Outcome outcome = new Commands(folder).run(words);
      said.add(each + ": " + outcome.code() + " " + outcome.text());
    }
    return said;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",writable=on,num-queues=4,logical-block-size=4096",
        ",writable=on,writethrough=on"
      })
  void guestsAreToldOfTheSameDisk(String options) throws Exception {
    Commands.assumeInstalled(ServingDaemon.REAL);
    assumeTrue(Kernel.isKnown());
    // The log of migrations and what was for drivers before the standard is not offered.
    long left = 1L << 26 | 1L << 24;
    Told theirs = told(ServingDaemon.REAL, options);
    Told ours = told(ServingDaemon.OURS, options);
    assertEquals(theirs.features & ~left, ours.features);
    assertEquals(theirs.queues, ours.queues);
    assertEquals(theirs.slots, ours.slots);
    // The real one says "no cache" until a guest says otherwise, and has one.
    theirs.configuration[12 + 32] = (byte) (options.contains("writethrough") ? 0 : 1);
    assertEquals(
        HexFormat.of().formatHex(theirs.configuration),
        HexFormat.of().formatHex(ours.configuration));
  }

  private record Told(long features, long queues, long slots, byte[] configuration) {}

  private Told told(String program, String options) throws Exception {
    Files.write(folder.resolve("disk"), new byte[1 << 20]);
    List<String> node = List.of("--blockdev", "file,node-name=disk,filename=" + disk());
    try (ServingDaemon daemon = ServingDaemon.start(folder, program, node, options);
        FrontEndClient client = new FrontEndClient(daemon.socket, true)) {
      long features = client.number(1);
      client.number(15);
      client.send(16, FrontEndClient.u64(0x8209));
      long queues = client.number(17);
      long slots = client.number(36);
      client.send(24, FrontEndClient.payload(72).putInt(0).putInt(60).putInt(0).array());
      return new Told(features, queues, slots, client.reply().array());
    }
  }

  private Path disk() {
    return folder.resolve("disk");
  }

  /** What is served can be a format, and many requests of one client are done at a time. */
  @ParameterizedTest
  @ValueSource(strings = {"ours", "theirs"})
  void requestsAreAnsweredAlike(String whose) throws Exception {
    assumeTrue(Kernel.isKnown());
    Commands.assumeInstalled(ServingDaemon.REAL);
    String program = whose.equals("ours") ? ServingDaemon.OURS : ServingDaemon.REAL;
    Files.write(disk(), new byte[1 << 20]);
    List<String> node = List.of("--blockdev", "file,node-name=disk,filename=" + disk());
    try (ServingDaemon daemon = ServingDaemon.start(folder, program, node, ",writable=on");
        FrontEndClient client = new FrontEndClient(daemon.socket, true).begin()) {
      var results = new StringBuilder();
      for (int type : new int[] {0, 1, 4, 8, 11, 13, 2, 77}) {
        for (long sector : new long[] {0, 2047, 2048, 1L << 60}) {
          boolean reads = type == 0 || type == 8;
          results.append(client.request(type, sector, SECTOR, reads)).append(' ');
        }
      }
      assertEquals(
          "0 0 1 1 0 0 1 1 0 0 0 0 0 0 0 0 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 ", results.toString());
    }
  }

  // Real-mode code for address 7C00h: the second sector is read, and written to the third.
  private static final String CODE =
      "fa31c08ed88ec08ed0bc007cfb" // cli; ds, es, ss = 0; sp = 7C00h; sti
          + "b80102b90200b600bb007ecd13" // int 13h, ax=0201h, cx=2, dh=0, bx=7E00h
          + "720e" // jc failed
          + "b80103b90300b600bb007ecd13" // int 13h, ax=0301h, cx=3
          + "b010" // mov al, 10h
          + "7302" // jnc end
          + "b020" // failed: mov al, 20h
          + "ba0105eef4ebfd"; // end: mov dx, 501h: isa-debug-exit; out dx, al; hlt

  /** The real emulator's firmware starts from our export, reads and writes. */
  @Test
  void firmwareBootsFromIt() throws Exception {
    Commands.assumeInstalled("qemu-system-x86_64");
    assumeTrue(Files.exists(FIRMWARE), "no SeaBIOS (Debian's package seabios)");
    var bytes = new byte[1 << 20];
    byte[] code = HexFormat.of().parseHex(CODE);
    System.arraycopy(code, 0, bytes, 0, code.length);
    bytes[SECTOR - 2] = 0x55;
    bytes[SECTOR - 1] = (byte) 0xaa;
    byte[] text = "read and written by the firmware".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(text, 0, bytes, SECTOR, text.length);
    Path raw = folder.resolve("raw");
    Files.write(raw, bytes);
    new Commands(folder)
        .succeed("qemu-img", "convert", "-O", "qcow2", raw.toString(), disk().toString());
    List<String> node =
        List.of("--blockdev", "qcow2,node-name=disk,file.driver=file,file.filename=" + disk());
    try (ServingDaemon daemon =
        ServingDaemon.start(folder, ServingDaemon.OURS, node, ",writable=on")) {
      for (int boot = 0; boot < 2; boot++) { // one client after the other
        assertEquals(0x10 * 2 + 1, boots(daemon.socket), () -> log(daemon));
      }
      assertEquals(0, daemon.end(), () -> log(daemon));
      assertEquals("", log(daemon));
    }
    new Commands(folder)
        .succeed("qemu-img", "convert", "-O", "raw", disk().toString(), raw.toString());
    byte[] after = Files.readAllBytes(raw);
    assertArrayEquals(
        Arrays.copyOfRange(bytes, SECTOR, 2 * SECTOR),
        Arrays.copyOfRange(after, 2 * SECTOR, 3 * SECTOR));
  }

  private static String log(ServingDaemon daemon) {
    try {
      return Files.readString(daemon.output);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private int boots(Path socket) throws Exception {
    Process process =
        new ProcessBuilder(
                "qemu-system-x86_64",
                "-accel",
                "tcg",
                "-machine",
                "pc,memory-backend=ram",
                "-m",
                "32",
                "-object",
                "memory-backend-memfd,id=ram,size=32M,share=on",
                "-display",
                "none",
                "-nodefaults",
                "-chardev",
                "socket,id=disk,path=" + socket,
                "-device",
                "vhost-user-blk-pci,chardev=disk,bootindex=0",
                "-device",
                "isa-debug-exit")
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(folder.resolve("emulator").toFile())
            .start();
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the guest does not end");
    } finally {
      process.destroyForcibly();
    }
    return process.exitValue();
  }
}
