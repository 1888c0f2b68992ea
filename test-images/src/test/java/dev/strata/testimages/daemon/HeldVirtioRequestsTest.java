// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Requests of virtio's disks that have stopped the machine, in its snapshots and as it is moved:
 * made when the machine goes on, and answered in the ring of where that is.
 */
final class HeldVirtioRequestsTest extends DriveConversation {
  private static final int PORTS = 0xc000; // the legacy registers
  private static final int RING = 0x10000;
  private static final int AVAILABLE = RING + 0x1000;
  private static final int USED = RING + 0x2000;
  private static final int HEADERS = 0x20000;
  private static final int DATA = 0x21000;
  private static final int BACK = 0x22000; // what is read
  private static final int STATES = 0x23000;
  private static final int SECTOR = 5;
  private static final int NEXT = 1; // flags of a descriptor
  private static final int WRITE = 2;

  /** A disk, as its driver sees it. */
  private enum Kind {
    BLK("virtio-blk-pci,drive=disk", 0, 16) {
      @Override
      List<String> header(int at, boolean write) {
        return ports(word(at, write ? 1 : 0), word(at + 4, 0), quad(at + 8, SECTOR));
      }
    },
    SCSI("scsi-hd,drive=disk,bus=host.0", 2, 51) {
      @Override
      List<String> header(int at, boolean write) {
        return command(at, write ? 0x2a : 0x28, SECTOR, 1);
      }
    };

    final String device;
    final int queue;
    final int headerBytes;

    Kind(String device, int queue, int headerBytes) {
      this.device = device;
      this.queue = queue;
      this.headerBytes = headerBytes;
    }

    /** A request's readable part, but for data. */
    abstract List<String> header(int at, boolean write);

    /** A SCSI command to the first unit of the first target. */
    static List<String> command(int at, int code, int sector, int sectors) {
      int block = at + 19; // behind the unit, the tag and three bytes
      return ports(
          "memset " + at + " 51 0",
          "writeb " + at + " 1",
          "writeb " + (at + 2) + " 0x40",
          "writeb " + block + " " + code,
          "writeb " + (block + 5) + " " + sector,
          "writeb " + (block + 8) + " " + sectors);
    }
  }

  private static String word(int at, int value) {
    return "writel " + at + " " + value;
  }

  private static String quad(int at, long value) {
    return "writeq " + at + " " + value;
  }

  private static List<String> descriptor(int number, int at, int bytes, int flags) {
    int entry = RING + 16 * number;
    return ports(
        quad(entry, at), word(entry + 8, bytes), word(entry + 12, flags | ((number + 1) << 16)));
  }

  /** What a driver does before its first request. */
  private static List<String> begun(Kind kind) {
    return ports(
        "outl 0xcf8 0x80001010",
        "outl 0xcfc " + PORTS,
        "outl 0xcf8 0x80001004",
        "outw 0xcfc 7",
        "outb " + (PORTS + 18) + " 1",
        "outb " + (PORTS + 18) + " 3",
        "outl " + (PORTS + 4) + " 0",
        "outw " + (PORTS + 14) + " " + kind.queue,
        "inw " + (PORTS + 12),
        "outl " + (PORTS + 8) + " " + (RING >> 12),
        "outb " + (PORTS + 18) + " 7");
  }

  private static List<String> offered(Kind kind, int place, int head) {
    return ports(
        "writew " + (AVAILABLE + 4 + 2 * place) + " " + head,
        "writew " + (AVAILABLE + 2) + " " + (place + 1),
        "outw " + (PORTS + 16) + " " + kind.queue);
  }

  private static List<String> answered(int requests) {
    return List.of("until readw " + (USED + 2) + " 0xffff " + requests);
  }

  private static List<String> unitIsAttended(Kind kind) {
    if (kind == Kind.BLK) {
      return List.of();
    }
    // What a unit first says is that it has been reset: to a command that nobody misses.
    return script(
        Kind.command(HEADERS, 0, 0, 0),
        descriptor(0, HEADERS, kind.headerBytes, NEXT),
        descriptor(1, STATES, 108, WRITE),
        offered(kind, 0, 0),
        answered(1),
        ports("readb " + (STATES + 10)));
  }

  private static int before(Kind kind) {
    return kind == Kind.BLK ? 0 : 1;
  }

  private static List<String> written(Kind kind) {
    return script(
        kind.header(HEADERS + 0x100, true),
        ports("memset " + DATA + " 512 0x5a"),
        descriptor(2, HEADERS + 0x100, kind.headerBytes, NEXT),
        descriptor(3, DATA, 512, NEXT),
        descriptor(4, STATES + 0x100, kind == Kind.BLK ? 1 : 108, WRITE),
        ports("memset " + (STATES + 0x100) + " 108 0xff"),
        offered(kind, before(kind), 2));
  }

  private static List<String> read(Kind kind) {
    int state = STATES + 0x200;
    boolean first = kind == Kind.BLK; // the data, and then the state
    return script(
        kind.header(HEADERS + 0x200, false),
        descriptor(5, HEADERS + 0x200, kind.headerBytes, NEXT),
        descriptor(6, first ? BACK : state, first ? 512 : 108, NEXT | WRITE),
        descriptor(7, first ? state : BACK, first ? 1 : 512, WRITE),
        offered(kind, before(kind) + 1, 5),
        answered(before(kind) + 2),
        ports("readl " + BACK, "readl " + (BACK + 508)));
  }

  /**
   * What the write has come to: of a SCSI command all but how much of its data was not moved, which
   * the reference counts wrongly once it has loaded the request.
   */
  private static List<String> outcome(Kind kind) {
    int state = STATES + 0x100;
    return script(
        answered(before(kind) + 1),
        ports("readl " + (USED + 4 + 8 * before(kind)), "readl " + DATA),
        kind == Kind.BLK
            ? ports("readb " + state)
            : ports("readl " + state, "readl " + (state + 8)));
  }

  private static List<String> waiting(Kind kind) {
    return ports("readw " + (USED + 2), "readb " + (STATES + (kind == Kind.BLK ? 0x100 : 0x10b)));
  }

  /** Up to the request that stops the machine. */
  private static List<String> stopped(Kind kind) {
    return script(begun(kind), unitIsAttended(kind), written(kind), await("STOP"));
  }

  private List<String> options(Kind kind, boolean fails) {
    String image = "file.driver=file,file.filename=@/held.qcow2";
    String failing =
        "file.driver=blkdebug,file.image.driver=file,file.image.filename=@/held.qcow2,"
            + "file.inject-error.0.event=write_aio,file.inject-error.0.errno=5,"
            + "file.inject-error.0.once=on";
    var all = new ArrayList<String>();
    all.add("-drive");
    all.add("if=none,id=disk,format=qcow2,werror=stop," + (fails ? failing : image));
    if (kind == Kind.SCSI) {
      all.addAll(List.of("-device", "virtio-scsi-pci,id=host"));
    }
    all.addAll(List.of("-device", kind.device));
    return all;
  }

  private void newImage() throws Exception {
    Files.deleteIfExists(folder.resolve("held.qcow2"));
    new Commands(folder)
        .succeed(
            "qemu-img", "create", "-q", "-f", "qcow2", folder.resolve("held.qcow2") + "", "1M");
  }

  /** A machine's whole story: all that it has answered. */
  private interface Story {
    String of(String program) throws Exception;
  }

  /** The write that waits is made, and all is told as by the reference. */
  private void isMade(Story story) throws Exception {
    Commands.assumeInstalled(EMULATOR, "qemu-img");
    String own = story.of(OURS);
    assertTrue(own.contains("OK 0x000000005a5a5a5a"), own);
    assertEquals(story.of(EMULATOR), own);
  }

  /** A snapshot from before the write, which has been made when this is over. */
  private static List<String> taken(Kind kind) {
    return script(
        stopped(kind),
        command("query-status"),
        waiting(kind),
        human("savevm waiting"),
        command("query-status"),
        command("cont"),
        outcome(kind),
        command("stop"));
  }

  private String snapshot(String program, Kind kind) throws Exception {
    newImage();
    return play(
        program,
        options(kind, true),
        script(
            taken(kind),
            human("loadvm waiting"), // to before the write, which has yet to be made
            command("query-status"),
            waiting(kind),
            command("cont"),
            outcome(kind),
            read(kind)));
  }

  @ParameterizedTest
  @EnumSource
  void aRequestThatWaitsIsMadeAfterItsSnapshotIsLoaded(Kind kind) throws Exception {
    isMade(program -> snapshot(program, kind));
  }

  private String begunWith(String program, Kind kind) throws Exception {
    newImage();
    String left = play(program, options(kind, true), taken(kind));
    var options = new ArrayList<>(options(kind, false));
    options.addAll(List.of("-loadvm", "waiting"));
    return left + "\n" + play(program, options, script(outcome(kind), read(kind)));
  }

  @ParameterizedTest
  @EnumSource
  void aRequestThatWaitsIsMadeByAMachineThatBeginsWithItsSnapshot(Kind kind) throws Exception {
    isMade(program -> begunWith(program, kind));
  }

  private String moved(String program, Kind kind) throws Exception {
    newImage();
    String done = "poll \"completed\" {\"execute\":\"query-migrate\"}";
    String left =
        play(
            program,
            options(kind, true),
            script(
                stopped(kind),
                command("migrate", "'uri':'exec:cat > @/state'"),
                List.of(done),
                waiting(kind)));
    var options = new ArrayList<>(options(kind, false));
    options.addAll(List.of("-incoming", "defer"));
    String come =
        play(
            program,
            options,
            script(
                command("migrate-incoming", "'uri':'exec:cat @/state'"),
                List.of(done),
                waiting(kind),
                command("cont"),
                outcome(kind),
                read(kind)));
    // Whether a machine that is to come tells so unasked is not what this is about.
    return (left + "\n" + come).replaceAll("\\{\"event\": \"MIGRATION\".*\n", "");
  }

  @ParameterizedTest
  @EnumSource
  void aRequestThatWaitsIsMadeWhereTheMachineIsMoved(Kind kind) throws Exception {
    isMade(program -> moved(program, kind));
  }
}
