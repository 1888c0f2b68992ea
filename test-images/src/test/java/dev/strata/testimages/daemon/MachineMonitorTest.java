// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** QMP in a program that runs a machine, ours and the real one: the same replies and events. */
@Execution(ExecutionMode.CONCURRENT)
final class MachineMonitorTest {
  private static final String DAEMON = "qemu-storage-daemon";
  private static final String EMULATOR = "qemu-system-x86_64";
  private static final String OURS = StorageDaemonTest.OURS.replace(DAEMON, EMULATOR);

  // The last 16 bytes of a firmware, where a processor begins; real-mode code.
  private static final int[] HALTS = {0xf4, 0xeb, 0xfd}; // hlt, and again
  private static final int[] RESETS = {
    0xb0, 0xfe, // mov al, FEh: pulse the reset line
    0xe6, 0x64, // out 64h, al: the keyboard controller
    0xf4, 0xeb, 0xfd
  };
  private static final int[] JUMPS = {0xe9, 0x0d, 0xe0}; // to E000h
  // At E000h: places the power management's ports at 600h, opens them, and goes to sleep state S5.
  private static final int[] POWERS_OFF = {
    0x66, 0xb8, 0x40, 0x0b, 0x00, 0x80, // mov eax, 80000B40h: slot 1, function 3, register 40h
    0xba, 0xf8, 0x0c, // mov dx, CF8h
    0x66, 0xef, // out dx, eax
    0x66, 0xb8, 0x01, 0x06, 0x00, 0x00, // mov eax, 601h
    0xba, 0xfc, 0x0c, // mov dx, CFCh
    0x66, 0xef, // out dx, eax
    0x66, 0xb8, 0x80, 0x0b, 0x00, 0x80, // mov eax, 80000B80h: register 80h
    0xba, 0xf8, 0x0c, // mov dx, CF8h
    0x66, 0xef, // out dx, eax
    0xb0, 0x01, // mov al, 1
    0xba, 0xfc, 0x0c, // mov dx, CFCh
    0xee, // out dx, al
    0xb8, 0x00, 0x20, // mov ax, 2000h: sleep, type 0
    0xba, 0x04, 0x06, // mov dx, 604h: PM1 control
    0xef, // out dx, ax
    0xf4, 0xeb, 0xfd
  };

  // Long enough for the answer to whoever let the guest go on.
  private static final int[] WAITS = {
    0x66,
    0xb9,
    0x00,
    0x00,
    0x00,
    0x01, // mov ecx, 1000000h
    0x67,
    0xe2,
    0xfd // loop to itself
  };
  private static final int[] PANICS = {
    0xb0, 0x01, // mov al, 1
    0xba, 0x05, 0x05, // mov dx, 505h
    0xee, // out dx, al
    0xf4, 0xeb, 0xfd
  };

  @TempDir Path folder;

  private void compare(List<String> options, List<String> script) throws Exception {
    compare(1, options, script);
  }

  /** Ours does what the reference does in one of so many runs: some of it depends on its timing. */
  private void compare(int runs, List<String> options, List<String> script) throws Exception {
    Commands.assumeInstalled(EMULATOR, "qemu-img");
    String ours = String.join("\n", play(OURS, options, script));
    String reference = "";
    for (int i = 0; i < runs && !reference.equals(ours); i++) {
      reference = String.join("\n", play(EMULATOR, options, script));
    }
    assertEquals(reference, ours);
  }

  private List<String> play(String program, List<String> options, List<String> script)
      throws Exception {
    for (String name : List.of("a.qcow2", "b.qcow2")) {
      Path image = folder.resolve(name);
      Files.deleteIfExists(image);
      new Commands(folder).succeed("qemu-img", "create", "-q", "-f", "qcow2", image + "", "4M");
    }
    Files.write(folder.resolve("target"), new byte[197120]); // whole sectors of such an image
    var command =
        new ArrayList<>(
            List.of(program, "-nodefaults", "-display", "none", "-accel", "tcg", "-pidfile"));
    command.add(folder.resolve("pid").toString());
    command.add("-chardev");
    command.add("socket,id=c,server=on,wait=off,path=" + folder.resolve("qmp"));
    command.addAll(List.of("-mon", "chardev=c,mode=control"));
    for (String option : options) {
      command.add(option.replace("@", folder.toString()));
    }
    var lines = new ArrayList<>(List.of("{\"execute\":\"qmp_capabilities\"}"));
    lines.addAll(script);
    return Conversation.play(folder, command, lines);
  }

  private List<String> firmware(int[] start, int[] code) throws Exception {
    var bytes = new byte[65536];
    for (int at = 0; at < start.length; at++) {
      bytes[0xfff0 + at] = (byte) start[at];
    }
    for (int at = 0; at < code.length; at++) {
      bytes[0xe000 + at] = (byte) code[at];
    }
    Files.write(folder.resolve("bios"), bytes);
    return List.of("-M", "pc", "-vga", "none", "-net", "none", "-bios", "@/bios");
  }

  private static int[] waiting(int[] code) {
    return IntStream.concat(IntStream.of(WAITS), IntStream.of(code)).toArray();
  }

  private static String command(String name) {
    return "{\"execute\":\"" + name + "\"}";
  }

  private static String human(String line) {
    return "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\""
        + line
        + "\"}}";
  }

  private static List<String> and(List<String> some, String... more) {
    var all = new ArrayList<>(some);
    all.addAll(List.of(more));
    return all;
  }

  @Test
  void aBareMachineHasTheBlockLayersCommands() throws Exception {
    compare(
        List.of(
            "-M",
            "none",
            "-name",
            "guest=bare",
            "-object",
            "throttle-group,id=g",
            "-blockdev",
            "qcow2,node-name=n,file.driver=file,file.filename=@/a.qcow2",
            "-drive",
            "if=none,id=d,file=@/b.qcow2,format=qcow2,node-name=b",
            "-drive",
            "if=none,id=e"),
        List.of(
            command("query-status"),
            command("query-name"),
            command("query-uuid"),
            command("query-cpus-fast"),
            command("query-block"),
            "{\"execute\":\"block-dirty-bitmap-add\",\"arguments\":{\"node\":\"d\",\"name\":\"m\"}}",
            "{\"execute\":\"blockdev-backup\",\"arguments\":{\"device\":\"e\",\"target\":\"n\","
                + "\"sync\":\"full\"}}",
            "{\"execute\":\"blockdev-del\",\"arguments\":{\"node-name\":\"n\"}}",
            command("query-chardev"),
            "{\"execute\":\"stop\",\"arguments\":{\"x\":1}}",
            command("nothing"),
            command("quit")));
  }

  private String mirror(String more) {
    return "{\"execute\":\"drive-mirror\",\"arguments\":{\"device\":\"src\",\"sync\":\"full\","
        + "\"mode\":\"existing\",\"target\":\""
        + folder.resolve("target")
        + "\""
        + more
        + "}}";
  }

  /** Of what only looks raw; what is beside the header is copied, and counted. */
  @Test
  void aHeaderThatATargetRefusesEndsAMirrorAndTheEndStopsAnother() throws Exception {
    // The reference's write fails before or after it answers, and counts by that.
    compare(
        10,
        List.of("-M", "none", "-drive", "if=none,id=src,file=@/a.qcow2,format=raw"),
        List.of(
            mirror(""),
            "await \"null\"",
            command("query-block-jobs"),
            mirror(",\"format\":\"raw\""),
            "await BLOCK_JOB_READY",
            command("query-block-jobs"),
            command("quit")));
  }

  private static String plug(String arguments) {
    return "{\"execute\":\"device_add\",\"arguments\":{" + arguments + "}}";
  }

  private static String unplug(String id) {
    return "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"" + id + "\"}}";
  }

  @Test
  void unitsOfABusComeAndGo() throws Exception {
    compare(
        and(
            firmware(HALTS, new int[0]),
            "-S",
            "-object",
            "iothread,id=t",
            "-blockdev",
            "null-co,node-name=n,read-only=on",
            "-device",
            "virtio-scsi-pci,id=s",
            "-device",
            "virtio-scsi-pci,id=u,iothread=t",
            "-device",
            "ide-cd,id=i"),
        List.of(
            plug("\"driver\":\"scsi-hd\",\"id\":\"a\",\"drive\":\"n\",\"bus\":\"s.0\""),
            plug("\"driver\":\"scsi-hd\",\"id\":\"b\",\"drive\":\"n\",\"bus\":\"s.0\""),
            plug("\"driver\":\"scsi-hd\",\"id\":\"c\",\"drive\":\"n\",\"bus\":\"u.0\""),
            plug("\"driver\":\"scsi-cd\",\"id\":\"a\""),
            plug("\"driver\":\"scsi-hd\",\"id\":\"d\",\"drive\":\"nothing\""),
            plug("\"driver\":\"scsi-hd\",\"id\":\"d\",\"drive\":\"n\",\"nonsense\":1"),
            plug("\"driver\":\"scsi-cd\",\"scsi-id\":256"),
            plug("\"driver\":\"scsi-cd\",\"bus\":\"nowhere\""),
            plug("\"driver\":\"ide-cd\""),
            plug("\"driver\":\"isa-debug-exit\""),
            plug("\"driver\":\"nonsense\""),
            plug("\"id\":\"d\""),
            unplug("a"),
            "await DEVICE_DELETED",
            unplug("a"),
            unplug("i"),
            unplug("b"),
            "await DEVICE_DELETED",
            plug("\"driver\":\"scsi-hd\",\"id\":\"c\",\"drive\":\"n\",\"bus\":\"u.0\""),
            unplug("c"),
            "await DEVICE_DELETED",
            "{\"execute\":\"blockdev-del\",\"arguments\":{\"node-name\":\"n\"}}",
            human("device_add scsi-cd,id=e,bus=s.0"),
            human("device_del nothing"),
            unplug("e"),
            "await DEVICE_DELETED",
            command("quit")));
  }

  @Test
  void timeStopsAndGoesOn() throws Exception {
    compare(
        firmware(HALTS, new int[0]),
        List.of(
            command("query-status"),
            command("stop"),
            command("stop"),
            command("query-status"),
            command("system_reset"),
            command("cont"),
            command("cont"),
            command("query-status"),
            command("system_powerdown"),
            command("system_reset"),
            human("info status"),
            human("stop"),
            human("info status"),
            human("nothing"),
            human("info name"),
            command("quit")));
  }

  @Test
  void aMachineThatHasNotBegunIsToldFromOneThatStands() throws Exception {
    compare(
        and(firmware(HALTS, new int[0]), "-S"),
        List.of(
            command("query-status"),
            command("stop"),
            command("query-status"),
            command("system_reset"),
            command("query-status"),
            command("cont"),
            command("stop"),
            command("query-status"),
            command("quit")));
  }

  @Test
  void theGuestPowersOff() throws Exception {
    compare(
        and(firmware(JUMPS, waiting(POWERS_OFF)), "-S"),
        List.of(command("cont"), "await SHUTDOWN"));
  }

  @Test
  void theGuestResetsWhereThatIsTheEnd() throws Exception {
    compare(
        and(firmware(JUMPS, waiting(RESETS)), "-S", "-no-reboot"),
        List.of(command("cont"), "await SHUTDOWN"));
  }

  @Test
  void aMachineThatIsSwitchedOffMayStay() throws Exception {
    compare(
        and(firmware(JUMPS, waiting(POWERS_OFF)), "-S", "-no-shutdown"),
        List.of(
            command("cont"),
            "await STOP",
            command("query-status"),
            command("cont"),
            command("stop"),
            human("cont"),
            human("info status"),
            command("system_reset"),
            command("query-status"),
            command("cont"),
            "await STOP",
            command("query-status"),
            command("quit")));
  }

  @Test
  void aMachineThatStaysInsteadOfBeginningAnewIsSwitchedOff() throws Exception {
    compare(
        and(firmware(JUMPS, waiting(RESETS)), "-S", "-action", "reboot=shutdown,shutdown=pause"),
        List.of(
            command("system_reset"),
            command("query-status"),
            command("cont"),
            "await STOP",
            command("query-status"),
            command("system_reset"),
            command("query-status"),
            command("quit")));
  }

  @Test
  void aGuestThatPanicsIsPausedAndGoesOn() throws Exception {
    List<String> board = and(firmware(JUMPS, waiting(PANICS)), "-S", "-device", "pvpanic");
    List<String> script =
        List.of(
            command("cont"),
            "await STOP",
            command("query-status"),
            command("cont"),
            command("query-status"),
            command("quit"));
    compare(and(board, "-action", "panic=pause"), script);
    compare(and(board, "-no-shutdown"), script);
  }

  @Test
  void aGuestThatPanicsEndsTheMachine() throws Exception {
    List<String> board = and(firmware(JUMPS, waiting(PANICS)), "-S", "-device", "pvpanic");
    List<String> script = List.of(command("cont"), "await SHUTDOWN");
    compare(board, script);
    compare(and(board, "-action", "panic=exit-failure"), script);
  }

  @Test
  void aGuestThatPanicsIsLetAlone() throws Exception {
    compare(
        and(firmware(JUMPS, waiting(PANICS)), "-S", "-device", "pvpanic", "-action", "panic=none"),
        List.of(command("cont"), "await GUEST_PANICKED", command("query-status"), command("quit")));
  }

  @Test
  void drivesAreToldByNameAndPlace() throws Exception {
    compare(
        and(
            firmware(HALTS, new int[0]),
            "-drive",
            "if=none,id=d,file=@/a.qcow2,format=qcow2,node-name=a",
            "-device",
            "virtio-blk-pci,id=card,drive=d",
            "-blockdev",
            "qcow2,node-name=n,file.driver=file,file.filename=@/b.qcow2",
            "-device",
            "virtio-blk-pci,drive=n"),
        List.of(command("query-block"), command("quit")));
  }

  private static String command(String name, String arguments) {
    return "{\"execute\":\"" + name + "\",\"arguments\":{" + arguments.replace('\'', '"') + "}}";
  }

  @Test
  void drivesAreFoundWhereNodesAre() throws Exception {
    compare(
        List.of(
            "-M",
            "none",
            "-drive",
            "if=none,id=d,file=@/a.qcow2,format=qcow2,node-name=a",
            "-blockdev",
            "qcow2,node-name=n,file.driver=file,file.filename=@/b.qcow2"),
        List.of(
            command("block-dirty-bitmap-add", "'node':'d','name':'m'"),
            command("block-dirty-bitmap-clear", "'node':'d','name':'m'"),
            command("block-dirty-bitmap-remove", "'node':'d','name':'none'"),
            command("blockdev-snapshot-sync", "'device':'a','snapshot-file':'@/o1'"),
            command("blockdev-snapshot-sync", "'device':'d','snapshot-file':'@/o1'"),
            command("block-dirty-bitmap-remove", "'node':'a','name':'m'"),
            command(
                "transaction",
                "'actions':[{'type':'blockdev-snapshot-sync','data':{'device':'d',"
                    + "'snapshot-file':'@/o2'}},{'type':'block-dirty-bitmap-remove','data':"
                    + "{'node':'d','name':'none'}}]"),
            command("blockdev-snapshot", "'node':'d','overlay':'n'"),
            command("quit")));
  }
}
