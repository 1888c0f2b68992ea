// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import dev.strata.block.option.Size;
import dev.strata.system.machine.Accelerator;
import dev.strata.system.machine.Actions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the command line asks for, checked as far as words go. */
final class CommandLine {
  private static final long DEFAULT_MEMORY = 128L << 20;
  private static final String FORMAT = "format=";
  private static final Pattern SETTING =
      Pattern.compile("([^.]{1,63})\\.([^.]{1,63})\\.([^=]{1,63})=(.*)");

  /** A disk: the option as given, for messages, and what it says. */
  record DriveOption(String given, BlockOptions options) {}

  /** A card or port: the option as given, its kind, and its properties. */
  record DeviceOption(String given, String kind, BlockOptions properties) {}

  /** A monitor for programs: the option as given, where it is, and its layout. */
  record ControlOption(String given, String name, boolean pretty) {}

  /** Something else than a machine is wanted. */
  enum Answer {
    HELP,
    VERSION,
    MACHINES,
    PROCESSORS,
    DEVICES,
    PROPERTIES,
    FORMATS
  }

  final List<DriveOption> drives = new ArrayList<>();
  final List<DeviceOption> devices = new ArrayList<>();
  final List<String> objects = new ArrayList<>();
  final List<String> nodes = new ArrayList<>();
  final List<DescriptorOption> passed = new ArrayList<>();
  final List<String> serial = new ArrayList<>();
  final List<String> monitors = new ArrayList<>();
  final List<ControlOption> controls = new ArrayList<>();
  final List<MonitorOption> named = new ArrayList<>(); // monitors at devices
  final List<String> firmwareFolders = new ArrayList<>();
  final Map<String, String> globals = new HashMap<>();
  final List<String> characterDevices = new ArrayList<>();
  @Nullable Answer answer;
  @Nullable DeviceModel asked; // whose properties are the answer
  String machine = "pc";
  private @Nullable Accelerator chosen; // null: nobody has said
  private boolean chosenOfMachine;
  private boolean preconfig;
  @Nullable String cpu; // null: the architecture's own

  /** What follows the model's name. */
  List<String> cpuProperties = List.of();

  String bios = "bios-256k.bin";
  final BootOptions boot = new BootOptions();
  ClockOption clock = ClockOption.DEFAULT;
  long memory = DEFAULT_MEMORY;
  final IdentityOptions identity = new IdentityOptions();
  VgaOption vga = VgaOption.DEFAULT;
  boolean graphics = true;
  boolean defaults = true;
  boolean hpet = true;

  /** Nodes that flash chips hold, by the chip's number. */
  final Map<Integer, String> flash = new HashMap<>();

  /** Whether there is a system management mode. */
  boolean systemManagement = true;

  Actions actions = Actions.DEFAULT;
  boolean paused;
  boolean snapshot;
  boolean daemonize;
  @Nullable String kernel;
  @Nullable String initrd;
  @Nullable String append;
  @Nullable String debugConsole;
  @Nullable String pidFile;
  @Nullable String loadedSnapshot; // what the machine begins with
  @Nullable String incoming; // where the machine comes from
  @Nullable String logItems;
  @Nullable String logFile;
  @Nullable String qtest; // where somebody drives the board
  @Nullable String qtestLog; // null: standard error
  @Nullable String parallel; // null: nobody has said

  private final List<String> words;
  private int at;
  private @Nullable String refusal; // of a machine
  private @Nullable String attached; // the argument of the option that is being read

  private CommandLine(List<String> words) {
    this.words = words;
  }

  /** What {@code words} ask for. */
  static CommandLine parse(List<String> words) throws BlockException {
    var line = new CommandLine(words);
    while (line.at < words.size()) {
      line.next();
    }
    if (line.answer == null && line.refusal != null && line.chosen == null) {
      throw error(line.refusal);
    }
    if (line.daemonize && !line.graphics) {
      throw error("-nographic cannot be used with -daemonize");
    }
    if (line.incoming != null && line.loadedSnapshot != null) {
      throw error("'incoming' and 'loadvm' options are mutually exclusive");
    }
    if (line.preconfig) {
      throw error(
          line.loadedSnapshot != null
              ? "'preconfig' and 'loadvm' options are mutually exclusive"
              : line.incoming != null
                  ? "'preconfig' and 'incoming' options are mutually exclusive"
                  : "-preconfig: a machine is always made from its command line here");
    }
    if (line.kernel == null && line.append != null) {
      throw error("-append only allowed with -kernel option");
    }
    if (line.kernel == null && line.initrd != null) {
      throw error("-initrd only allowed with -kernel option");
    }
    return line;
  }

  /** Whether a device of one of these kinds is asked for. */
  boolean hasDevice(DeviceModel... models) {
    for (DeviceOption device : devices) {
      for (DeviceModel model : models) {
        if (DeviceModel.named(device.kind()) == model) {
          return true;
        }
      }
    }
    return false;
  }

  /** What the serial ports lead to: on {@code -nographic}, here. */
  List<String> serialNames() {
    if (!serial.isEmpty() || !defaults) {
      return serial;
    }
    return List.of(graphics ? "null" : hasMonitor() ? "stdio" : "mon:stdio");
  }

  /** Where monitors are, beside one that shares a serial port's line. */
  List<String> monitorNames() {
    boolean here = !hasMonitor() && defaults && !graphics && !serial.isEmpty();
    return here && !serial.contains("stdio") && !serial.contains("mon:stdio")
        ? List.of("stdio")
        : monitors;
  }

  private boolean hasMonitor() {
    return !monitors.isEmpty() || !controls.isEmpty() || !named.isEmpty();
  }

  /** What makes the machine go. */
  Accelerator accelerator() {
    return chosen == null ? Accelerator.TCG : chosen;
  }

  /** Whether the machine is one without a board. */
  boolean isBare() {
    return machine.equals("none");
  }

  static BlockException error(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  private void next() throws BlockException {
    String word = words.get(at++);
    if (!word.startsWith("-") || word.equals("-")) {
      disk(word, word, 0);
      return;
    }
    // Long options may have two dashes, and then their argument behind a sign.
    String option = word.startsWith("--") ? word.substring(1) : word;
    int sign = word.startsWith("--") ? option.indexOf('=') : -1;
    if (sign >= 0) {
      attached = option.substring(sign + 1);
      option = option.substring(0, sign);
      withArgument(word, option);
      return;
    }
    switch (option) {
      case "-h", "-help" -> answer = Answer.HELP;
      case "-version" -> answer = Answer.VERSION;
      case "-nographic" -> graphics = false;
      case "-nodefaults" -> defaults = false;
      case "-no-hpet" -> hpet = false;
      case "-no-fd-bootchk" -> boot.anyFloppy();
      case "-no-user-config" -> {} // there is none
      case "-no-reboot" -> actions = actions.withEndAtReset(true);
      case "-no-shutdown" ->
          actions = actions.withPauseAtPowerOff(true).withPanic(Actions.Panic.PAUSE);
      case "-S" -> paused = true;
      case "-snapshot" -> snapshot = true;
      case "-preconfig" -> preconfig = true;
      case "-daemonize" -> daemonize = true;
      default -> withArgument(word, option);
    }
  }

  private void withArgument(String word, String option) throws BlockException {
    switch (option) {
      case "-M", "-machine" -> machine(argument(word));
      case "-m" -> memory(argument(word));
      case "-cpu" -> cpu(argument(word));
      case "-action" -> {
        String text = argument(word);
        actions = ActionOption.with(actions, word + " " + text, parsed(word, text, null));
      }
      case "-smp" -> processors(argument(word));
      case "-accel" -> {
        String text = argument(word);
        if (chosenOfMachine) {
          throw error("The -accel and \"-machine accel=\" options are incompatible");
        }
        accelerator(word + " " + text, parsed(word, text, "accel"));
      }
      case "-bios" -> bios = argument(word);
      case "-L" -> firmwareFolders.add(argument(word));
      case "-drive" -> {
        String given = argument(word);
        if (given.startsWith(FORMAT) && isQuestion(given.substring(FORMAT.length()))) {
          answer = Answer.FORMATS;
          return;
        }
        drives.add(new DriveOption(word + " " + given, parsed(word, given, null)));
      }
      case "-hda", "-hdb", "-hdc", "-hdd" -> {
        String name = argument(word);
        disk(word + " " + name, name, option.charAt(3) - 'a').put("media", "disk");
      }
      case "-fda", "-fdb" -> {
        String name = argument(word);
        disk(word + " " + name, name, option.charAt(3) - 'a').put("if", "floppy");
      }
      case "-cdrom" -> {
        String name = argument(word);
        disk(word + " " + name, name, 2).put("media", "cdrom");
      }
      case "-kernel" -> kernel = argument(word);
      case "-initrd" -> initrd = argument(word);
      case "-append" -> append = argument(word);
      case "-boot" -> boot.boot(argument(word));
      case "-option-rom" -> boot.rom(argument(word));
      case "-fw_cfg" -> boot.item(argument(word));
      case "-rtc" -> {
        String text = argument(word);
        clock = clock.with(word + " " + text, parsed(word, text, null));
      }
      case "-serial" -> serial.add(argument(word));
      case "-debugcon" -> debugConsole = argument(word);
      case "-monitor" -> monitors.add(argument(word));
      case "-qmp", "-qmp-pretty" -> {
        String name = argument(word);
        controls.add(new ControlOption(word + " " + name, name, option.equals("-qmp-pretty")));
      }
      case "-mon" -> {
        String text = argument(word);
        String given = word + " " + text;
        try {
          named.add(MonitorOption.of(given, OptionString.parse(text, "chardev", null)));
        } catch (BlockException e) {
          throw e.during(given);
        }
      }
      case "-qtest" -> qtest = argument(word);
      case "-qtest-log" -> qtestLog = argument(word);
      case "-d" -> logItems = argument(word);
      case "-D" -> logFile = argument(word);
      case "-pidfile" -> pidFile = argument(word);
      case "-incoming" -> incoming = argument(word);
      case "-loadvm" -> loadedSnapshot = argument(word);
      case "-blockdev" -> nodes.add(argument(word));
      case "-add-fd" -> {
        String text = argument(word);
        passed.add(DescriptorOption.of(word + " " + text, parsed(word, text, null)));
      }
      case "-parallel" -> {
        if (parallel != null) {
          throw error("a PC has one parallel port at most");
        }
        parallel = argument(word);
      }
      case "-net", "-nic", "-display" -> without(word);
      case "-name" -> identity.name(argument(word));
      case "-uuid" -> identity.uuid(argument(word));
      case "-smbios" -> identity.smbios(argument(word));
      case "-vga" -> vga = VgaOption.named(argument(word));
      case "-chardev" -> characterDevices.add(argument(word));
      case "-device" -> {
        String given = argument(word);
        if (isQuestion(given)) {
          answer = Answer.DEVICES;
          return;
        }
        BlockOptions properties = parsed(word, given, "driver");
        String kind = properties.takeString("driver");
        if (kind == null) {
          throw error(word + " " + given + ": Parameter 'driver' is missing");
        }
        if (given.endsWith(",help") || given.endsWith(",?")) {
          answer = Answer.PROPERTIES;
          asked = DeviceModel.named(kind);
          if (asked == null) {
            throw error(word + " " + given + ": Device '" + kind + "' not found");
          }
          return;
        }
        devices.add(new DeviceOption(word + " " + given, kind, properties));
      }
      case "-object" -> objects.add(argument(word));
      case "-global" -> global(word, argument(word));
      case "-set" -> set(argument(word));
      default -> throw error(word + ": invalid option");
    }
  }

  private static boolean isQuestion(String text) {
    return text.equals("help") || text.equals("?");
  }

  private String argument(String option) throws BlockException {
    String here = attached;
    if (here != null) {
      attached = null;
      return here;
    }
    if (at >= words.size()) {
      throw error(option + ": requires an argument");
    }
    return words.get(at++);
  }

  private static BlockOptions parsed(String option, String text, @Nullable String implied)
      throws BlockException {
    try {
      return OptionString.parse(text, implied, null);
    } catch (BlockException e) {
      throw e.during(option + " " + text);
    }
  }

  private BlockOptions disk(String given, String name, int index) {
    BlockOptions options = new BlockOptions();
    options.put("file", name);
    options.put("index", index);
    options.put("if", "ide");
    drives.add(new DriveOption(given, options));
    return options;
  }

  private void machine(String text) throws BlockException {
    BlockOptions options = parsed("-machine", text, "type");
    String type = options.takeString("type");
    if (type != null && isQuestion(type)) {
      answer = Answer.MACHINES;
    } else if (type != null) {
      machine = type;
    }
    String accelerator = options.takeString("accel");
    if (accelerator != null) {
      if (chosen != null || refusal != null) {
        throw error("The -accel and \"-machine accel=\" options are incompatible");
      }
      chosenOfMachine = true;
      for (String name : accelerator.split(":", -1)) {
        accelerator("", name);
      }
    }
    Boolean timer = options.takeBool("hpet");
    if (timer != null) {
      hpet = timer;
    }
    systemManagement = isManaged(options.takeString("smm"));
    Boolean wanted = options.takeBool("graphics");
    if (wanted != null) {
      graphics = wanted;
    }
    for (int chip = 0; chip < FlashDrives.MOST; chip++) {
      String node = options.takeString("pflash" + chip);
      if (node != null) {
        flash.put(chip, node);
      }
    }
    for (String name : options.names()) {
      throw error("Property 'pc-i440fx-7.2-machine." + name + "' not found");
    }
  }

  private boolean isManaged(@Nullable String given) throws BlockException {
    if (given == null) {
      return systemManagement;
    }
    return switch (given) {
      case "on", "auto" -> true;
      case "off" -> false;
      default -> throw error("Parameter 'smm' does not accept value '" + given + "'");
    };
  }

  private void memory(String text) throws BlockException {
    BlockOptions options = parsed("-m", text, "size");
    String size = options.takeString("size");
    for (String name : options.names()) {
      throw error("-m " + text + ": Invalid parameter '" + name + "'");
    }
    if (size == null) {
      return;
    }
    try {
      memory = Size.parse(size, 20); // a number alone counts mebibytes
    } catch (BlockException e) {
      if (e.errno() == Errno.ERANGE) {
        throw error("-m " + text + ": Value '" + size + "' is out of range for parameter 'size'");
      }
      throw error("-m " + text + ": Parameter 'size' expects a non-negative number below 2^64")
          .withHint(
              "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n"
                  + "and exabytes, respectively.");
    }
    if (memory == 0) {
      memory = DEFAULT_MEMORY;
    }
    memory = memory + 8191 & ~8191L;
    if (memory < 1 << 20 || memory > 1L << 38) {
      throw error("-m " + text + ": a PC has 1 MiB to 256 GiB of memory");
    }
  }

  private void cpu(String text) throws BlockException {
    if (isQuestion(text)) {
      answer = Answer.PROCESSORS;
      return;
    }
    int comma = text.indexOf(',');
    cpu = comma < 0 ? text : text.substring(0, comma);
    cpuProperties = comma < 0 ? List.of() : List.of(text.substring(comma + 1).split(","));
  }

  private void processors(String text) throws BlockException {
    BlockOptions options = parsed("-smp", text, "cpus");
    for (String name : List.of("cpus", "sockets", "cores", "threads", "maxcpus")) {
      Long count = options.takeNumber(name);
      if (count != null && count != 1) {
        throw error("-smp " + text + ": machines of one processor are all there are");
      }
    }
    for (String name : options.names()) {
      throw error("Parameter 'smp." + name + "' is unexpected");
    }
  }

  private void accelerator(String given, BlockOptions options) throws BlockException {
    String name = options.takeString("accel");
    if (name == null) {
      throw error(given + ": Parameter 'accel' is missing");
    }
    for (String property : options.names()) {
      throw error(given + ": Property '" + name + "-accel." + property + "' not found");
    }
    accelerator(given + ": ", name);
  }

  /** The first that there is counts; whoever only asks what machines there are may name any. */
  private void accelerator(String given, String name) {
    Accelerator known = Accelerator.named(name);
    if (known == null) {
      refusal = refusal == null ? given + "invalid accelerator " + name : refusal;
    } else if (chosen == null) {
      chosen = known;
    }
  }

  /** Options of what is not there, which may be asked not to be there. */
  private void without(String word) throws BlockException {
    String given = argument(word);
    if (!given.equals("none")) {
      throw error(word + " " + given + ": not supported yet, only '" + word + " none' is");
    }
  }

  /** Gives an option that was there before a property more, or another value. */
  private void set(String text) throws BlockException {
    Matcher parts = SETTING.matcher(text);
    if (!parts.matches()) {
      throw error("-set " + text + ": can't parse: \"" + text + "\"");
    }
    String group = parts.group(1);
    String id = parts.group(2);
    List<BlockOptions> all =
        switch (group) {
          case "device" -> devices.stream().map(DeviceOption::properties).toList();
          case "drive" -> drives.stream().map(DriveOption::options).toList();
          default -> throw error("-set " + text + ": only devices and drives can be set");
        };
    for (BlockOptions each : all) {
      if (id.equals(each.string("id"))) {
        each.put(parts.group(3), parts.group(4));
        return;
      }
    }
    throw error("-set " + text + ": there is no " + group + " \"" + id + "\" defined");
  }

  /** As DRIVER.PROPERTY=VALUE, or driver=,property=,value=. */
  private void global(String word, String text) throws BlockException {
    int dot = text.indexOf('.');
    int equal = text.indexOf('=');
    String property;
    String value;
    if (dot > 0 && dot < equal) {
      property = text.substring(0, equal);
      value = text.substring(equal + 1);
    } else {
      BlockOptions options = parsed(word, text, null);
      String driver = options.takeString("driver");
      String name = options.takeString("property");
      value = options.takeString("value");
      for (String other : options.names()) {
        throw error(word + " " + text + ": Invalid parameter '" + other + "'");
      }
      if (driver == null || name == null || value == null) {
        throw error(word + " " + text + ": options 'driver', 'property', and 'value' are required");
      }
      property = driver + "." + name;
    }
    if (!property.equals("isa-debugcon.iobase") && !property.equals("floppy.drive")) {
      throw error(
          word
              + " "
              + text
              + ": of global properties, only isa-debugcon.iobase and floppy.drive are supported");
    }
    globals.put(property, value);
  }
}
