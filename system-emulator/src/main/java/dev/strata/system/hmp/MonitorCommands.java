// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;
import dev.strata.system.device.input.Key;
import dev.strata.system.device.vga.Picture;
import dev.strata.system.hmp.Expression.WrongExpressionException;
import dev.strata.system.log.EventLog;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** What can be said to a monitor. */
public final class MonitorCommands {
  private static final long MOST_MEBIBYTES = 1L << 42;
  private static final String NO_BALLOON = "Error: No balloon device has been activated\n";

  /** What the monitor is about. Called on any thread. */
  public interface Subject {
    /** Ends the machine. */
    void quit();

    /** Lets no more time pass for the guest. */
    void stop();

    /** Lets it pass again; fails if the machine is switched off. */
    void resume() throws BlockException;

    /** The reset button. */
    void reset();

    /** The power button. */
    void powerDown();

    /** Whether time passes, in the reference's words. */
    String status();

    /** What the machine is called, in a line, or nothing. */
    String name();

    /** The machine's UUID, in a line. */
    String uuid();

    /** The processor's registers, in lines. */
    String registers();

    /** Where the machine's log goes. */
    EventLog log();

    /** The drives. */
    Drives drives();

    /** Where devices come and go. */
    Devices devices();

    /** The snapshots of the machine with its disks. */
    Snapshots snapshots();

    /** Where the machine is moved. */
    Migrations migrations();

    /** Where disks are served to others. */
    DiskServer diskServer();

    /** A byte of physical memory, 0 to 255. */
    int physicalByte(long address);

    /** A byte of memory as the processor sees it now, 0 to 255, or -1 if there is none. */
    int virtualByte(long address);

    /** A register of the processor's, or null if there is none of that name. */
    @Nullable Long register(String name);

    /** Asks the guest to have so many bytes of memory left; false if there is no balloon for it. */
    boolean balloon(long bytes);

    /** How much memory the guest has left, in a line, or null if there is no balloon. */
    @Nullable String balloonState();

    /** Bytes of memory that the guest has left, or -1 if there is no balloon. */
    long balloonLeft();

    /** Whether there is a board at all. */
    boolean hasBoard();

    /** The button for non-maskable interrupts. */
    void injectNmi();

    /**
     * What is where in memory and ports, in lines.
     *
     * @param flat what answers, instead of all that there is
     */
    String memoryTree(boolean flat);

    /** The devices by their buses, in lines. */
    String deviceTree();

    /** The interrupt controllers' registers, in lines. */
    String interruptControllers();

    /** How often interrupts have been raised, in lines. */
    String interruptCounts();

    /**
     * The processor's virtual memory, in lines.
     *
     * @param merged whether it is ranges of the same rights, instead of pages
     */
    String pages(boolean merged);

    /** What is in ROM, or comes by firmware, in lines. */
    String roms();

    /** The cards and chips on the PCI bus, in lines. */
    String pciDevices();

    /** Keys are pressed and let go. */
    void type(List<Key> keys, int holdMillis);

    /** What the screen shows now, or null if there is none. */
    @Nullable Picture screen();
  }

  /** The drives that a monitor is about. */
  public interface Drives {
    /**
     * What they are, in lines.
     *
     * @param name of one, or null for all
     * @param nodes whether it is nodes that are asked for, not drives
     * @param detailed whether their images are told of, too
     */
    String describe(@Nullable String name, boolean nodes, boolean detailed) throws BlockException;

    /** What they have been used for, in lines. */
    String counts();

    /** Takes a medium out. */
    void eject(String drive, boolean force) throws BlockException;

    /**
     * Puts another medium in.
     *
     * @param format null to find out
     * @param mode whether it can be written, in QMP's words; null for as before
     */
    void change(
        String drive,
        String filename,
        @Nullable String format,
        @Nullable String mode,
        boolean force)
        throws BlockException;

    /**
     * Gives an image another size.
     *
     * @param bytes 0 or more
     */
    void resize(String drive, long bytes) throws BlockException;

    /**
     * Opens an image while the machine is there.
     *
     * @param options as in a command line
     * @param node whether it is to be a node, and no drive
     */
    void add(String options, boolean node) throws BlockException;

    /** Takes a drive away, or a node; a device that uses it is left without a medium. */
    void delete(String name) throws BlockException;

    /** Moves what an image holds into its backing file: what failed, in lines. */
    String commit(String drive);

    /**
     * Runs a command of {@code qemu-io}, which prints what it finds where the process prints.
     *
     * @param image a drive or a node
     * @param device whether {@code image} is the name of a device, instead
     * @return what went wrong, in lines
     */
    String inspect(String image, boolean device, String command) throws BlockException;
  }

  /** Where devices are put in and taken out. */
  public interface Devices {
    /** Puts a device in, as {@code -device} has it. */
    void plug(String option) throws BlockException;

    /** Takes a device out, now or when the machine is reset. */
    void unplug(String id) throws BlockException;

    /** Tells clients of devices that have been taken out. */
    void tell();
  }

  /** Where snapshots are taken, and gone back to. */
  public interface Snapshots {
    /**
     * Takes one, instead of one of that name if there is one.
     *
     * @param tag its name, or null for one that is made up
     */
    void save(@Nullable String tag) throws BlockException;

    /** Goes back to one. */
    void load(String tag) throws BlockException;

    /** Gives one up. */
    void delete(String tag) throws BlockException;

    /** Those that there are, in lines. */
    String describe() throws BlockException;
  }

  /** Where disks are served to others. */
  public interface DiskServer {
    /**
     * Begins to serve.
     *
     * @param place {@code unix:PATH} or {@code HOST:PORT}
     */
    void start(String place) throws BlockException;

    /**
     * Serves a drive or node.
     *
     * @param name it is known to clients by; null for its own
     */
    void add(String device, @Nullable String name, boolean writable) throws BlockException;

    /** Serves all drives that have a medium. */
    void addAll(boolean writable) throws BlockException;

    /**
     * Serves something no longer.
     *
     * @param force even if clients are there
     */
    void remove(String name, boolean force) throws BlockException;

    /** Ends all that. */
    void stop() throws BlockException;
  }

  /** A command's answer: lines with their ends, or nothing. */
  private interface Command {
    String run(List<String> words);
  }

  private record Entry(String usage, String help, Command command) {}

  private final DeviceWords devices;
  private final Map<String, Entry> commands = new TreeMap<>();
  private final Map<String, Entry> topics = new TreeMap<>();
  private final Subject subject;
  private volatile boolean over;
  private volatile CountDownLatch begun = new CountDownLatch(0);

  /** Commands about a machine. */
  public MonitorCommands(Subject subject) {
    this.subject = subject;
    this.devices = new DeviceWords(subject.devices());
    add("help", "help|? [cmd]", "show the help", this::help, "?");
    add("info", "info [subcommand]", "show various information about the system state", this::info);
    add("quit", "quit|q ", "quit the emulator", words -> done(this::quit), "q");
    add("stop", "stop|s ", "stop emulation", words -> done(subject::stop), "s");
    add("cont", "cont|c ", "resume emulation", words -> resumed(), "c");
    add("system_reset", "system_reset ", "reset the system", words -> done(subject::reset));
    add(
        "system_powerdown",
        "system_powerdown ",
        "send system power down event",
        words -> done(subject::powerDown));
    add("sendkey", SendKey.USAGE, SendKey.HELP, new SendKey(subject)::run);
    add("screendump", ScreenDump.USAGE, ScreenDump.HELP, new ScreenDump(subject)::run);
    var memory = new MemoryDump(subject);
    add("x", "x /fmt addr", "virtual memory dump starting at 'addr'", memory::virtual);
    add("xp", "xp /fmt addr", "physical memory dump starting at 'addr'", memory::physical);
    add(
        "print",
        "print|p /fmt expr",
        "print expression value (use $reg for CPU register access)",
        memory::print,
        "p");
    add(
        "balloon",
        "balloon target",
        "request VM to change its memory allocation (in MB)",
        this::balloon);
    var log = new LogCommands(subject.log());
    add("log", LogCommands.ITEMS_USAGE, LogCommands.ITEMS_HELP, log::items);
    add("logfile", LogCommands.FILE_USAGE, LogCommands.FILE_HELP, log::file);
    add("nmi", "nmi ", "inject an NMI", words -> done(subject::injectNmi));
    topic("status", "show the current VM status (running|paused)", subject::status);
    topic("name", "show the current VM name", subject::name);
    topic("uuid", "show the current VM UUID", subject::uuid);
    topic("version", "show the version of QEMU", () -> "7.2.22 (Strata 0.1)\n");
    topic("registers", "show the cpu registers", subject::registers);
    topic("pic", "show PIC state", subject::interruptControllers);
    topic("irq", "show the interrupts statistics (if available)", subject::interruptCounts);
    topic("tlb", "show virtual to physical memory mappings", () -> subject.pages(false));
    topic("mem", "show the active virtual memory mappings", () -> subject.pages(true));
    topic("roms", "show roms", subject::roms);
    topic("qtree", "show device tree", subject::deviceTree);
    topic("pci", "show PCI info", subject::pciDevices);
    topic("balloon", "show balloon information", this::balloonState);
    topics.put(
        "mtree",
        new Entry(
            "info mtree [-f]",
            "show memory tree (-f: dump flat view for address spaces)",
            this::memoryTree));
    var drives = new DriveWords(subject.drives());
    add("eject", DriveWords.EJECT_USAGE, DriveWords.EJECT_HELP, drives::eject);
    add("change", DriveWords.CHANGE_USAGE, DriveWords.CHANGE_HELP, drives::change);
    add("commit", DriveWords.COMMIT_USAGE, DriveWords.COMMIT_HELP, drives::commit);
    add("block_resize", DriveWords.RESIZE_USAGE, DriveWords.RESIZE_HELP, drives::resize);
    add("drive_add", DriveWords.ADD_USAGE, DriveWords.ADD_HELP, drives::add);
    add("drive_del", DriveWords.DELETE_USAGE, DriveWords.DELETE_HELP, drives::delete);
    add("qemu-io", DriveWords.INSPECT_USAGE, DriveWords.INSPECT_HELP, drives::inspect);
    add("device_add", DeviceWords.ADD_USAGE, DeviceWords.ADD_HELP, devices::add);
    add("device_del", DeviceWords.REMOVE_USAGE, DeviceWords.REMOVE_HELP, devices::remove);
    var snapshots = new SnapshotWords(subject.snapshots());
    add("savevm", SnapshotWords.SAVE_USAGE, SnapshotWords.SAVE_HELP, snapshots::save);
    add("loadvm", SnapshotWords.LOAD_USAGE, SnapshotWords.LOAD_HELP, snapshots::load);
    add("delvm", SnapshotWords.DELETE_USAGE, SnapshotWords.DELETE_HELP, snapshots::delete);
    topic("snapshots", "show the currently saved VM snapshots", snapshots::describe);
    addMigrations(new MigrationWords(subject.migrations()), subject.migrations());
    var server = new ServerWords(subject.diskServer());
    add(ServerWords.START, ServerWords.START_USAGE, ServerWords.START_HELP, server::start);
    add(ServerWords.ADD, ServerWords.ADD_USAGE, ServerWords.ADD_HELP, server::add);
    add(ServerWords.REMOVE, ServerWords.REMOVE_USAGE, ServerWords.REMOVE_HELP, server::remove);
    add(ServerWords.STOP, ServerWords.STOP_USAGE, ServerWords.STOP_HELP, server::stop);
    topic("blockstats", "show block device statistics", () -> subject.drives().counts());
    topics.put(
        "block",
        new Entry(
            "info block [-n] [-v] [device]",
            "show info of one block device or all block devices (-n: show named nodes; -v: show"
                + " details)",
            drives::describe));
  }

  private void addMigrations(MigrationWords words, Migrations migrations) {
    add("migrate", MigrationWords.START_USAGE, MigrationWords.START_HELP, words::start);
    add("migrate_cancel", MigrationWords.CANCEL_USAGE, MigrationWords.CANCEL_HELP, words::cancel);
    add(
        "migrate_continue",
        MigrationWords.CONTINUE_USAGE,
        MigrationWords.CONTINUE_HELP,
        words::proceed);
    add(
        "migrate_incoming",
        MigrationWords.INCOMING_USAGE,
        MigrationWords.INCOMING_HELP,
        words::incoming);
    add(
        "migrate_set_capability",
        MigrationWords.CAPABILITY_USAGE,
        MigrationWords.CAPABILITY_HELP,
        words::capability);
    add(
        "migrate_set_parameter",
        MigrationWords.PARAMETER_USAGE,
        MigrationWords.PARAMETER_HELP,
        words::parameter);
    add(
        "migrate_start_postcopy",
        MigrationWords.POSTCOPY_USAGE,
        MigrationWords.POSTCOPY_HELP,
        words::startPostcopy);
    topic("migrate", "show migration status", migrations::describe);
    topic("migrate_capabilities", "show current migration capabilities", migrations::capabilities);
    topic("migrate_parameters", "show current migration parameters", migrations::parameters);
  }

  private void add(String name, String usage, String help, Command command, String... others) {
    var entry = new Entry(usage, help, command);
    commands.put(name, entry);
    for (String other : others) {
      commands.put(other, entry);
    }
  }

  private void topic(String name, String help, java.util.function.Supplier<String> answer) {
    topics.put(name, new Entry("info " + name + " ", help, words -> answer.get()));
  }

  /** How a command is told that it is none, in the reference's words. */
  static String misused(String command, @Nullable String why) {
    return why + "\nTry \"help " + command + "\" for more information\n";
  }

  /** A number of mebibytes. */
  private String balloon(List<String> words) {
    long mebibytes;
    try {
      mebibytes = Expression.value("balloon", String.join(" ", words), subject::register);
    } catch (WrongExpressionException e) {
      return misused("balloon", e.getMessage());
    }
    if (mebibytes < 0) {
      return misused("balloon", "enter a positive value");
    }
    if (mebibytes == 0 && subject.balloonState() != null) {
      return "Error: Parameter 'target' expects a size\n";
    }
    return subject.balloon(Math.min(mebibytes, MOST_MEBIBYTES) << 20) ? "" : NO_BALLOON;
  }

  private String balloonState() {
    String state = subject.balloonState();
    return state == null ? NO_BALLOON : state;
  }

  private String memoryTree(List<String> words) {
    for (String word : words) {
      if (!word.equals("-f")) {
        return misused("info mtree", "mtree: unsupported option " + word);
      }
    }
    return subject.memoryTree(!words.isEmpty());
  }

  private void quit() {
    over = true;
    subject.quit();
  }

  /** Whether somebody has ended the machine here. */
  boolean isOver() {
    return over;
  }

  private String resumed() {
    try {
      subject.resume();
      return "";
    } catch (BlockException e) {
      return "Error: " + e.getMessage() + "\n";
    }
  }

  private static String done(Runnable action) {
    action.run();
    return "";
  }

  /** Has commands wait for {@link #begin}: the machine is not yet what they are about. */
  public void hold() {
    begun = new CountDownLatch(1);
  }

  /** Has those go on that wait. */
  public void begin() {
    begun.countDown();
  }

  /** Runs a line: its answer, in lines with their ends. */
  public String run(String line) {
    try {
      begun.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
    List<String> words = CommandWords.of(line);
    if (words.isEmpty()) {
      return "";
    }
    String name = words.getFirst();
    // The format of a dump may stand right behind the command.
    int slash = name.indexOf('/');
    if (slash > 0) {
      return run(name.substring(0, slash) + " " + line.strip().substring(slash));
    }
    Entry entry = commands.get(name);
    if (entry == null) {
      return "unknown command: '" + name + "'\n";
    }
    return entry.command.run(words.subList(1, words.size()));
  }

  /** Whoever ran a line has its answer: others hear of what came of it. */
  public void answered() {
    devices.answered();
  }

  private String help(List<String> words) {
    if (words.isEmpty()) {
      return list(commands);
    }
    if (words.getFirst().equals("info")) {
      return list(topics);
    }
    Entry entry = commands.get(words.getFirst());
    return entry == null ? "unknown command: '" + words.getFirst() + "'\n" : line(entry);
  }

  private static String list(Map<String, Entry> entries) {
    var text = new StringBuilder();
    entries.values().stream().distinct().forEach(entry -> text.append(line(entry)));
    return text.toString();
  }

  private static String line(Entry entry) {
    return entry.usage + " -- " + entry.help + "\n";
  }

  private String info(List<String> words) {
    if (words.isEmpty()) {
      return list(topics);
    }
    Entry entry = topics.get(words.getFirst());
    return entry == null
        ? "unknown command: 'info " + words.getFirst() + "'\n"
        : entry.command.run(words.subList(1, words.size()));
  }
}
