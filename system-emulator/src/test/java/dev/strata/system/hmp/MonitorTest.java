// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonWriter;
import dev.strata.system.chardev.Line;
import dev.strata.system.chardev.Multiplexer;
import dev.strata.system.device.input.Key;
import dev.strata.system.device.vga.Picture;
import dev.strata.system.log.EventLog;
import dev.strata.system.machine.BoardListing;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A monitor that shares its line with a console. */
final class MonitorTest {
  @TempDir Path folder;
  private final List<String> asked = new ArrayList<>();
  private final JsonArray jobs = new JsonArray();
  private final StringBuilder shown = new StringBuilder();
  private final StringBuilder console = new StringBuilder();
  private @Nullable Picture screen;
  private final Line.Receiver[] keys = new Line.Receiver[1];

  private final class OuterEnd implements Line {
    @Override
    public void connect(Receiver receiver) {
      keys[0] = receiver;
    }

    @Override
    public void ready() {}

    @Override
    public void write(byte value) {
      shown.append((char) value);
    }
  }

  private final class NotedDrives implements MonitorSubject.Drives {
    @Override
    public String describe(@Nullable String name, boolean nodes, boolean detailed) {
      return name + " " + nodes + " " + detailed + "\n";
    }

    @Override
    public String counts() {
      return "cd: rd_bytes=0\n";
    }

    @Override
    public void eject(String drive, boolean force) throws BlockException {
      if (drive.equals("hd")) {
        throw new BlockException(Errno.EINVAL, "Device 'hd' is not removable");
      }
      asked.add("eject " + drive + " " + force);
    }

    @Override
    public void change(
        String drive,
        String filename,
        @Nullable String format,
        @Nullable String mode,
        boolean force) {
      asked.add("change " + drive + " " + filename + " " + format + " " + mode + " " + force);
    }

    @Override
    public void resize(String drive, long bytes) {
      asked.add("resize " + drive + " " + bytes);
    }

    @Override
    public void add(String options, boolean node) {
      asked.add("add " + options + " " + node);
    }

    @Override
    public void delete(String name) {
      asked.add("delete " + name);
    }

    @Override
    public String commit(String drive) {
      asked.add("commit " + drive);
      return "";
    }

    @Override
    public String inspect(String image, boolean device, String command) {
      asked.add("inspect " + image + " " + device + " " + command);
      return "";
    }
  }

  private final class Machine implements MonitorSubject {
    @Override
    public void quit() {
      asked.add("quit");
    }

    @Override
    public void stop() {
      asked.add("stop");
    }

    @Override
    public void resume() {
      asked.add("cont");
    }

    @Override
    public void reset() {
      asked.add("reset");
    }

    @Override
    public void powerDown() {
      asked.add("power");
    }

    @Override
    public String status() {
      return "VM status: running\n";
    }

    @Override
    public String name() {
      return "";
    }

    @Override
    public long balloonLeft() {
      return -1;
    }

    @Override
    public boolean hasBoard() {
      return true;
    }

    @Override
    public EventLog log() {
      return EventLog.unread();
    }

    @Override
    public String uuid() {
      return "00000000-0000-0000-0000-000000000000\n";
    }

    @Override
    public String registers() {
      return "RAX=0\n";
    }

    @Override
    public MonitorSubject.Snapshots snapshots() {
      return new MonitorSubject.Snapshots() {
        @Override
        public void save(@Nullable String tag) {
          asked.add("save " + tag);
        }

        @Override
        public void load(String tag) throws BlockException {
          throw new BlockException(Errno.EINVAL, "no " + tag);
        }

        @Override
        public void delete(String tag) {
          asked.add("delete " + tag);
        }

        @Override
        public String describe() {
          return "all of them\n";
        }
      };
    }

    @Override
    public Migrations migrations() {
      return new Migrations() {
        @Override
        public void start(String uri, boolean detached) {
          asked.add("move to " + uri + (detached ? ", later" : ""));
        }

        @Override
        public void expect(String uri) throws BlockException {
          throw new BlockException(Errno.EINVAL, "nothing from " + uri);
        }

        @Override
        public void cancel() {
          asked.add("stay");
        }

        @Override
        public void goOn(String status) {
          asked.add("go on after " + status);
        }

        @Override
        public void startPostcopy() {
          asked.add("leave");
        }

        @Override
        public void want(String capability, boolean on) {
          asked.add(capability + " " + on);
        }

        @Override
        public void parameter(String name, String value) {
          asked.add(name + "=" + value);
        }

        @Override
        public String describe() {
          return "on its way\n";
        }

        @Override
        public String capabilities() {
          return "none\n";
        }

        @Override
        public String parameters() {
          return "no more\n";
        }
      };
    }

    @Override
    public String addObject(String definition) {
      asked.add("object " + definition);
      return "";
    }

    @Override
    public MonitorSubject.Qmp qmp() {
      return (command, arguments) -> {
        asked.add(command + " " + JsonWriter.compact(arguments));
        return jobs;
      };
    }

    @Override
    public MonitorSubject.DiskServer diskServer() {
      return new MonitorSubject.DiskServer() {
        @Override
        public void start(String place) {
          asked.add("serve " + place);
        }

        @Override
        public void add(String device, @Nullable String name, boolean writable) {
          asked.add("serve " + device + " as " + name + (writable ? " to write" : ""));
        }

        @Override
        public void addAll(boolean writable) {
          asked.add("serve all" + (writable ? " to write" : ""));
        }

        @Override
        public void remove(String name, boolean force) {
          asked.add((force ? "tear " : "take ") + name);
        }

        @Override
        public void stop() {
          asked.add("serve nothing");
        }
      };
    }

    @Override
    public MonitorSubject.Devices devices() {
      return new MonitorSubject.Devices() {
        @Override
        public void plug(String option) {
          asked.add("plug " + option);
        }

        @Override
        public void unplug(String id) throws BlockException {
          throw new BlockException(Errno.EINVAL, "Device '" + id + "' not found");
        }

        @Override
        public void tell() {
          asked.add("tell");
        }
      };
    }

    @Override
    public MonitorSubject.Drives drives() {
      return new NotedDrives();
    }

    @Override
    public int physicalByte(long address) {
      return (int) address & 0xff;
    }

    @Override
    public int virtualByte(long address) {
      return address < 0x1000 ? (int) address & 0xff : -1;
    }

    @Override
    public @Nullable Long register(String name) {
      return name.equals("eip") ? 0xfff0L : null;
    }

    @Override
    public boolean balloon(long bytes) {
      asked.add("balloon " + bytes);
      return bytes < 1 << 30;
    }

    @Override
    public @Nullable String balloonState() {
      return null;
    }

    @Override
    public void injectNmi() {
      asked.add("nmi");
    }

    @Override
    public BoardListing board() {
      return new NamedListing();
    }

    @Override
    public String pages(boolean merged) {
      return "";
    }

    @Override
    public void type(List<Key> keys, int holdMillis) {
      asked.add(keys.size() + " keys " + holdMillis);
    }

    @Override
    public @Nullable Picture screen() {
      return screen;
    }
  }

  private final MonitorCommands commands = new MonitorCommands(new Machine());

  private void type(String text) {
    byte[] bytes = text.getBytes(US_ASCII);
    assertEquals(bytes.length, keys[0].receive(bytes, 0, bytes.length));
  }

  @Test
  void snapshotsAreTakenAndGoneBackTo() {
    assertEquals("", commands.run("savevm"));
    assertEquals("", commands.run("savevm early"));
    assertEquals("Error: no early\n", commands.run("loadvm early"));
    assertEquals(
        "loadvm: string expected\nTry \"help loadvm\" for more information\n",
        commands.run("loadvm"));
    assertEquals("", commands.run("delvm early"));
    assertEquals("all of them\n", commands.run("info snapshots"));
    assertEquals(List.of("save null", "save early", "delete early"), asked);
  }

  @Test
  void theMachineIsMoved() {
    assertEquals("", commands.run("migrate -d unix:/there"));
    assertEquals("", commands.run("migrate \"exec: cat > '/f'\""));
    assertEquals("Error: nothing from unix:/here\n", commands.run("migrate_incoming unix:/here"));
    assertEquals("", commands.run("migrate_set_capability events on"));
    assertEquals("", commands.run("migrate_set_parameter max-bandwidth 4k"));
    assertEquals("", commands.run("migrate_continue pre-switchover"));
    assertEquals("", commands.run("migrate_start_postcopy"));
    assertEquals("", commands.run("migrate_cancel"));
    assertEquals("on its way\n", commands.run("info migrate"));
    assertEquals(
        "migrate: string expected\nTry \"help migrate\" for more information\n",
        commands.run("migrate -d"));
    assertEquals(
        "Expected 'on' or 'off'\nTry \"help migrate_set_capability\" for more information\n",
        commands.run("migrate_set_capability events perhaps"));
    assertEquals(
        List.of(
            "move to unix:/there, later",
            "move to exec: cat > '/f'",
            "events true",
            "max-bandwidth=4k",
            "go on after pre-switchover",
            "leave",
            "stay"),
        asked);
  }

  @Test
  void disksAreServed() {
    assertEquals("", commands.run("nbd_server_start -a -w unix:/socket"));
    assertEquals("", commands.run("nbd_server_add -w disk"));
    assertEquals("", commands.run("nbd_server_add disk name"));
    assertEquals("", commands.run("nbd_server_remove -f name"));
    assertEquals("", commands.run("nbd_server_stop"));
    assertEquals(
        "Error: -w only valid together with -a\n", commands.run("nbd_server_start -w unix:/s"));
    assertEquals(
        "nbd_server_start: unsupported option -x\n"
            + "Try \"help nbd_server_start\" for more information\n",
        commands.run("nbd_server_start -x unix:/s"));
    assertEquals(
        List.of(
            "serve unix:/socket",
            "serve all to write",
            "serve disk as null to write",
            "serve disk as name",
            "tear name",
            "serve nothing"),
        asked);
  }

  @Test
  void devicesArePutInAndTakenOut() {
    assertEquals("", commands.run("device_add scsi-cd,id=x"));
    assertEquals("Error: Device 'x' not found\n", commands.run("device_del x"));
    assertEquals("Error: Parameter 'driver' is missing\n", commands.run("device_add"));
    assertEquals(
        "device_del: string expected\nTry \"help device_del\" for more information\n",
        commands.run("device_del"));
    assertEquals(List.of("plug scsi-cd,id=x"), asked);
  }

  @Test
  void theKeysGoWhereTheyWereLed() throws BlockException {
    var multiplexer = new Multiplexer(new OuterEnd(), () -> asked.add("exit"));
    multiplexer
        .console()
        .connect((bytes, from, length) -> {
          console.append(new String(bytes, from, length, US_ASCII));
          return length;
        });
    HumanMonitor.open(multiplexer.monitor(), commands, true);
    type("ls\1\1");
    assertEquals("ls\1", console.toString());
    assertEquals("", shown.toString(), "the line is the console's");
    type("\1cstop\rinfo statusx\b\r");
    assertEquals(List.of("stop"), asked);
    assertTrue(shown.toString().endsWith("VM status: running\r\n(qemu) "), shown.toString());
    assertTrue(shown.toString().startsWith("QEMU 7.2.22 monitor"), shown.toString());
    type("\1cpwd");
    assertEquals("ls\1pwd", console.toString());
    type("\1h");
    assertTrue(shown.toString().contains("C-a x    exit emulator\r\n"), shown.toString());
    type("\1x");
    assertEquals(List.of("stop", "exit"), asked);
  }

  @Test
  void theLastOfManyConsolesHasTheKeysAtFirstAndMonitorsComeAfterThem() throws BlockException {
    var multiplexer = new Multiplexer(new OuterEnd(), () -> {});
    HumanMonitor.open(multiplexer.monitor(), commands, true);
    for (String name : List.of("1", "2")) {
      multiplexer
          .console()
          .connect((bytes, from, length) -> {
            console.append(name).append((char) bytes[from]);
            return 1;
          });
    }
    type("a\1cstop\r\1cb\1cc");
    assertEquals("2a1b2c", console.toString());
    assertEquals(List.of("stop"), asked);
    multiplexer.console();
    assertThrows(BlockException.class, multiplexer::console);
  }

  /** A guest that takes no more is offered the rest later. */
  @Test
  void whatTheConsoleDoesNotTakeIsKept() throws BlockException {
    var multiplexer = new Multiplexer(new OuterEnd(), () -> {});
    multiplexer
        .console()
        .connect((bytes, from, length) -> {
          if (console.length() == 2) {
            return 0;
          }
          console.append((char) bytes[from]);
          return 1;
        });
    byte[] bytes = "abc".getBytes(US_ASCII);
    assertEquals(2, keys[0].receive(bytes, 0, 3));
    console.setLength(0);
    assertEquals(1, keys[0].receive(bytes, 2, 1));
    assertEquals("c", console.toString());
  }

  @Test
  void commandsHaveShortNamesAndHelp() {
    assertEquals("", commands.run(" c "));
    assertEquals("", commands.run("system_powerdown"));
    assertEquals("", commands.run("q"));
    assertEquals(List.of("cont", "power", "quit"), asked);
    assertEquals("quit|q  -- quit the emulator\n", commands.run("help quit"));
    assertEquals("unknown command: 'frobnicate'\n", commands.run("frobnicate now"));
    assertTrue(commands.run("info").contains("info status  -- show the current VM status"));
  }

  @Test
  void noCommandIsAskedForOnceTheMachineEnds() {
    assertFalse(commands.isOver());
    assertEquals("", commands.run("quit"));
    assertTrue(commands.isOver());
  }

  @Test
  void drivesComeAndGoAndGrowByWords() {
    assertEquals("", commands.run("block_resize hd 8"));
    assertEquals("", commands.run("block_resize hd 1.5k"));
    assertEquals("OK\n", commands.run("drive_add 0 if=none,id=d"));
    assertEquals("", commands.run("drive_add -n 0 driver=null-co,node-name=n"));
    assertEquals("", commands.run("drive_del d"));
    assertEquals(
        List.of(
            "resize hd 8388608",
            "resize hd 1536",
            "add if=none,id=d false",
            "add driver=null-co,node-name=n true",
            "delete d"),
        asked);
    String more = "\nTry \"help block_resize\" for more information\n";
    assertEquals("invalid size" + more, commands.run("block_resize hd"));
    assertEquals("invalid size" + more, commands.run("block_resize hd -1"));
    assertEquals("invalid size" + more, commands.run("block_resize hd 16E"));
    assertEquals(
        "block_resize: extraneous characters at the end of line" + more,
        commands.run("block_resize hd 1x"));
  }

  @Test
  void mediaAreChangedByWords() {
    assertEquals("", commands.run("eject -f cd"));
    assertEquals("", commands.run("change cd disk.iso"));
    assertEquals("", commands.run("change cd -f disk.iso raw read-only"));
    assertEquals("", commands.run("commit all"));
    assertEquals(
        List.of(
            "eject cd true",
            "change cd disk.iso null null false",
            "change cd disk.iso raw read-only true",
            "commit all"),
        asked);
    assertEquals("cd false false\n", commands.run("info block cd"));
    assertEquals("null true true\n", commands.run("info block -n -v"));
    assertEquals("Error: Device 'hd' is not removable\n", commands.run("eject hd"));
    assertEquals(
        "eject: unsupported option -x\nTry \"help eject\" for more information\n",
        commands.run("eject -x cd"));
    assertEquals(
        "commit: extraneous characters at the end of line\n"
            + "Try \"help commit\" for more information\n",
        commands.run("commit a b"));
    assertEquals(
        "change: filename expected\nTry \"help change\" for more information\n",
        commands.run("change cd"));
  }

  @Test
  void keysHaveTheReferencesNames() {
    assertEquals("", commands.run("sendkey ctrl-alt-f1"));
    assertEquals("", commands.run("sendkey ret 5"));
    assertEquals(List.of("3 keys 100", "1 keys 5"), asked);
    assertEquals("invalid parameter: foo\n", commands.run("sendkey ctrl-foo"));
    assertEquals("invalid parameter: \n", commands.run("sendkey a-"));
    assertEquals(
        "sendkey: string expected\nTry \"help sendkey\" for more information\n",
        commands.run("sendkey"));
  }

  /** Of two dots, red and blue, in one line. */
  private static final class TwoDots implements Picture {
    @Override
    public int width() {
      return 2;
    }

    @Override
    public int height() {
      return 1;
    }

    @Override
    public void line(int y, int[] into) {
      into[0] = 0xff0000;
      into[1] = 0x0000ff;
    }
  }

  /** The lines of a PNG picture, each with its filter, whose chunks have the right checksums. */
  private static byte[] dots(byte[] png) throws DataFormatException {
    var in = ByteBuffer.wrap(png);
    assertEquals(0x89504e470d0a1a0aL, in.getLong());
    var chunks = new ArrayList<String>();
    var dots = new byte[7];
    while (in.hasRemaining()) {
      var data = new byte[in.getInt()];
      var name = new byte[4];
      in.get(name).get(data);
      var sum = new CRC32();
      sum.update(name);
      sum.update(data);
      assertEquals((int) sum.getValue(), in.getInt());
      chunks.add(new String(name, US_ASCII));
      if (chunks.getLast().equals("IHDR")) {
        assertEquals("00000002000000010802000000", HexFormat.of().formatHex(data));
      } else if (chunks.getLast().equals("IDAT")) {
        var inflater = new Inflater();
        inflater.setInput(data);
        assertEquals(dots.length, inflater.inflate(dots));
        inflater.end();
      }
    }
    assertEquals(List.of("IHDR", "IDAT", "IEND"), chunks);
    return dots;
  }

  @Test
  void theScreenIsSavedAsThePictureThatIsAskedFor() throws Exception {
    Path file = folder.resolve("screen");
    assertEquals(
        "Error: There is no console to take a screendump from\n",
        commands.run("screendump " + file));
    screen = new TwoDots();
    assertEquals("", commands.run("screendump " + file));
    assertArrayEquals(
        "P6\n2 1\n255\n\377\0\0\0\0\377".getBytes(ISO_8859_1), Files.readAllBytes(file));
    assertEquals("", commands.run("screendump " + file + " -f png"));
    assertArrayEquals(
        new byte[] {0, (byte) 0xff, 0, 0, 0, 0, (byte) 0xff}, dots(Files.readAllBytes(file)));
    assertEquals(
        "Error: invalid parameter value: foo\n", commands.run("screendump " + file + " -f foo"));
    assertEquals(
        "Error: failed to open file '/nonexist/x': No such file or directory\n",
        commands.run("screendump /nonexist/x"));
    assertEquals("Error: Device 'nodev' not found\n", commands.run("screendump x nodev"));
    assertTrue(commands.run("screendump").startsWith("screendump: filename expected\n"));
    assertTrue(commands.run("screendump x -f").startsWith("screendump: value expected for -f\n"));
  }

  @Test
  void virtualMemoryEndsWhereNothingIsMapped() {
    assertEquals(
        "0000000000000ff0: 0xf3f2f1f0 0xf7f6f5f4 0xfbfaf9f8 0xfffefdfc\n"
            + "0000000000001000: Cannot access memory\n",
        commands.run("x /5xw 0xff0"));
    assertEquals("0000000000000ffc: Cannot access memory\n", commands.run("x /2xw 0xffc"));
    assertEquals("0000000000002000: Cannot access memory\n", commands.run("x 0x2000"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '"',
      value = {
        "p /d 1+2*3;7",
        "p /d (1+2)*3;9",
        "p /d -5 % 3;-2",
        "p 10;0xa",
        "print /x $eip + 0x10;0x10000",
        "p/o 8;010",
        "p /x 0;0",
        "p /c 0x41;'A'",
        "p /x ~0;0xffffffffffffffff",
        "p /d 6 & 3 | 8;10",
        "p /d 'a';97",
        "p /u 010;8",
        "p $foo;unknown register",
        "p 1/0;division by zero",
        "p (1;')' expected",
        "p 1 +;unexpected end of expression",
        "p 1 2;print|p: extraneous characters at the end of line",
        "p 0xfffffffffffffffff;number too large"
      })
  void expressionsAreComputed(String command, String answer) {
    assertEquals(answer, firstLine(command));
  }

  private String firstLine(String command) {
    return commands.run(command).lines().findFirst().orElse("");
  }

  @Test
  void anExpressionIsNotDeeperThanTheMonitor() {
    assertEquals("expression too deep", firstLine("p " + "(".repeat(4000)));
    assertEquals("expression too deep", firstLine("p " + "-".repeat(4000) + "1"));
  }

  @Test
  void aBalloonIsAskedForInMebibytes() {
    assertEquals("", commands.run("balloon 64"));
    assertEquals("", commands.run("balloon 2 * 3"));
    assertEquals(List.of("balloon 67108864", "balloon 6291456"), asked);
    String none = "Error: No balloon device has been activated\n";
    assertEquals(none, commands.run("balloon 1024"));
    assertEquals(none, commands.run("info balloon"));
    assertEquals("enter a positive value", firstLine("balloon -1"));
    assertEquals("invalid char 'x' in expression", firstLine("balloon x"));
  }

  @Test
  void theMachineIsListedInTwoWays() {
    assertEquals("tree\n", commands.run("info mtree"));
    assertEquals("flat\n", commands.run("info mtree -f"));
    assertEquals("controllers\n", commands.run("info pic"));
    assertEquals("counts\n", commands.run("info irq"));
    assertEquals("ROMs\n", commands.run("info roms"));
    assertEquals("devices\n", commands.run("info qtree"));
    assertEquals("cards\n", commands.run("info pci"));
    assertEquals("", commands.run("nmi"));
    assertEquals(List.of("nmi"), asked);
  }

  @Test
  void memoryIsShownInAllWidths() {
    assertEquals(
        "0000000000000010: 0x13121110 0x17161514 0x1b1a1918 0x1f1e1d1c\n"
            + "0000000000000020: 0x23222120\n",
        commands.run("xp/5xw 0x10"));
    assertEquals("00000000000000ff: 255   0\n", commands.run("xp /2db 255"));
    assertEquals("0000000000000041: 'A' 'B'\n", commands.run("xp /2c 0x41"));
    assertEquals("0000000000000041: 'A'\n", commands.run("xp 0x41"), "as the last time");
    assertEquals("0000000000000000: 0x0706050403020100\n", commands.run("xp/xg 0"));
    assertEquals("0000000000000048: 'H' 'I' 'J' 'K'\n", commands.run("xp/cw 0x48"));
    assertEquals("unexpected end of expression", firstLine("xp"));
    assertEquals("invalid char 'z' in expression", firstLine("xp zero"));
    assertEquals("invalid char in format: 'k'", firstLine("xp /k 0"));
    assertTrue(commands.run("x /2i 0").contains("no disassembler"));
    assertTrue(commands.run("xp /9999999x 0").contains("at most 65536"));
  }
}
