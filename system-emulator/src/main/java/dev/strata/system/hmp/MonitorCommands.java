// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;
import dev.strata.system.hmp.Expression.WrongExpressionException;
import dev.strata.system.machine.BoardListing;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** What can be said to a monitor. */
public final class MonitorCommands {
  private static final long MOST_MEBIBYTES = 1L << 42;
  private static final String NO_BALLOON = "Error: No balloon device has been activated\n";

  /** A command's answer: lines with their ends, or nothing. */
  private interface Command {
    String run(List<String> words);
  }

  private record Entry(String usage, String help, Command command) {}

  private final DeviceWords devices;
  private final Map<String, Entry> commands = new TreeMap<>();
  private final Map<String, Entry> topics = new TreeMap<>();
  private final MonitorSubject subject;
  private volatile boolean over;
  private volatile CountDownLatch begun = new CountDownLatch(0);

  /** Commands about a machine. */
  public MonitorCommands(MonitorSubject subject) {
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
    BoardListing board = subject.board();
    topic("pic", "show PIC state", board::interruptControllers);
    topic("irq", "show the interrupts statistics (if available)", board::interruptCounts);
    topic("tlb", "show virtual to physical memory mappings", () -> subject.pages(false));
    topic("mem", "show the active virtual memory mappings", () -> subject.pages(true));
    topic("roms", "show roms", board::roms);
    topic("qtree", "show device tree", board::deviceTree);
    topic("pci", "show PCI info", board::pciDevices);
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
    for (QmpPhrase phrase : QmpPhrase.COMMANDS) {
      String usage = phrase.name() + " " + phrase.usage();
      add(phrase.name(), usage, phrase.help(), words -> phrase.run(subject, words));
    }
    for (QmpPhrase phrase : QmpPhrase.TOPICS) {
      topic(phrase.name(), phrase.help(), () -> phrase.run(subject, List.of()));
    }
    var objects = new ObjectWords(subject);
    add(ObjectWords.ADD, ObjectWords.ADD_USAGE, ObjectWords.ADD_HELP, objects::add);
    add(ObjectWords.LIST, ObjectWords.LIST_USAGE, ObjectWords.LIST_HELP, objects::list);
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
    return subject.board().memoryTree(!words.isEmpty());
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
