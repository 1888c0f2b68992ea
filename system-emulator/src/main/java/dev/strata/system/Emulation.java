// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.posix.Detachment;
import dev.strata.monitor.command.ControlMonitors;
import dev.strata.monitor.commandline.PidFile;
import dev.strata.monitor.commandline.Terminal;
import dev.strata.monitor.qmp.QmpException;
import dev.strata.system.Drives.Drive;
import dev.strata.system.chardev.Line;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.cpu.Architecture;
import dev.strata.system.cpu.CpuModel;
import dev.strata.system.hmp.HumanMonitor;
import dev.strata.system.hmp.MonitorCommands;
import dev.strata.system.log.EventLog;
import dev.strata.system.machine.Accelerator;
import dev.strata.system.machine.Cause;
import dev.strata.system.machine.Machine;
import dev.strata.system.machine.MachineState;
import dev.strata.system.machine.pc.PcMachine;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.migration.Migration;
import dev.strata.system.migration.MigrationCommands;
import dev.strata.system.qmp.DeviceCommands;
import dev.strata.system.qmp.LastAnswer;
import dev.strata.system.qmp.MachineCommands;
import dev.strata.system.qtest.DrivenBoard;
import dev.strata.system.qtest.Log;
import dev.strata.system.qtest.Session;
import dev.strata.system.snapshot.MachineSnapshots;
import dev.strata.system.snapshot.SnapshotCommands;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A machine with its monitors, from its command line to its end. */
final class Emulation {
  private static final char READY = 6; // ACK of ASCII

  private final CommandLine line;
  private final Architecture architecture;
  private final Terminal terminal;
  private final ControlMonitors monitors;
  private final Lines lines;
  private final EventLog log;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile @Nullable Machine machine; // once there is one
  private volatile boolean orderly = true; // what a client has ended could be ended
  private final LastAnswer answer = new LastAnswer();
  private volatile @Nullable PidFile pid;
  private @Nullable Line driver; // where somebody drives the board

  Emulation(CommandLine line, Architecture architecture, Terminal terminal, EventLog log) {
    this.line = line;
    this.architecture = architecture;
    this.terminal = terminal;
    this.monitors =
        new ControlMonitors(
            MachineCommands.schema(),
            EntropyObject.TYPES,
            terminal::error,
            terminal::note,
            this::endAtOnce);
    this.lines = new Lines(monitors, line.daemonize);
    this.log = log;
  }

  /** What is being served is no more, and jobs are not, before the machine ends. */
  private void endWork() {
    if (!monitors.endWork()) {
      orderly = false;
    }
  }

  /** Nothing can be trusted any more. */
  private void endAtOnce(String why) {
    PidFile written = pid;
    if (written != null) {
      written.remove();
    }
    terminal.lastLine(why);
  }

  private void end(Cause cause) {
    Machine running = machine;
    if (running != null) {
      running.end(cause);
    }
  }

  /** Runs it until it ends: the exit code. */
  int run() throws BlockException {
    boolean good = false;
    int code = 1;
    try {
      code = assembleAndRun();
    } finally {
      if (answer.isAwaited()) {
        good = monitors.endDisks();
        answer.give();
        good &= monitors.end() && orderly;
      } else {
        good = monitors.end() && orderly;
      }
      PidFile written = pid;
      if (written != null) {
        written.remove();
      }
      ended.countDown();
    }
    return good ? code : 1;
  }

  private int assembleAndRun() throws BlockException {
    boolean launched = Long.getLong("strata.forked") != null;
    if (line.daemonize && !launched) {
      throw new BlockException(Errno.EOPNOTSUPP, "-daemonize needs the program's launcher");
    }
    line.boot.warnings().forEach(terminal::error);
    for (DescriptorOption each : line.passed) {
      each.add();
    }
    for (String text : line.characterDevices) {
      lines.define(text);
    }
    for (String text : line.objects) {
      define(text);
    }
    var graph = monitors.monitor().graph();
    graph.opensInactive(line.incoming != null);
    for (String text : line.nodes) {
      addNode(text);
    }
    try (var drives = new Drives(graph, line.snapshot, !line.isBare(), terminal::error)) {
      for (var option : line.drives) {
        drives.open(option);
      }
      List<Line> serial = serial();
      addMonitors();
      String qtest = line.qtest;
      driver = qtest == null ? null : lines.byName("-qtest", "qtest", qtest);
      return line.isBare() ? runBare(drives) : runPc(drives, serial);
    }
  }

  private void define(String text) throws BlockException {
    try {
      String listing = monitors.monitor().graph().objects().define(text);
      if (listing != null) {
        throw CommandLine.error("help for objects is not supported");
      }
    } catch (BlockException e) {
      throw e.during("-object " + text);
    }
  }

  private void addNode(String text) throws BlockException {
    try {
      monitors.addNode(text);
    } catch (BlockException e) {
      throw e.during("-blockdev " + text);
    } catch (QmpException e) {
      throw new BlockException(Errno.EINVAL, "-blockdev " + text + ": " + e.getMessage())
          .causedBy(e);
    }
  }

  private List<Line> serial() throws BlockException {
    var ports = new ArrayList<Line>();
    for (String name : line.serialNames()) {
      Line port = lines.byName("-serial", "serial" + ports.size(), name);
      if (port != null) {
        ports.add(port);
      }
    }
    return ports;
  }

  private void addMonitors() throws BlockException {
    for (String name : line.monitorNames()) {
      lines.addHuman(name);
    }
    for (var option : line.controls) {
      lines.addControl(option.given(), option.name(), option.pretty());
    }
    for (MonitorOption option : line.named) {
      lines.addMonitor(option);
    }
  }

  // Machines

  private int runBare(Drives drives) throws BlockException {
    if (line.cpu != null || line.kernel != null || !line.devices.isEmpty()) {
      throw CommandLine.error("the machine 'none' has no processor, and no place for devices");
    }
    for (Drive drive : drives.all()) {
      String name = drive.id() == null ? "none" + drive.place().unit() : drive.id();
      drive.limit(name);
      monitors
          .monitor()
          .drives()
          .add(new GuestDrive(name, drive.settings(), drive.image(), System::nanoTime));
    }
    VirtualClock clock = line.accelerator().clock();
    var bare = new Machine(clock, () -> {}, line.actions);
    var board =
        new DrivenBoard(
            new AddressSpace(Long.MAX_VALUE, 0),
            new AddressSpace(0x10000, -1),
            stepped(clock),
            List.of(),
            bare::awaitReset);
    return run(bare, clock, null, board, drives);
  }

  private int runPc(Drives drives, List<Line> serial) throws BlockException {
    var assembly =
        new PcAssembly(
            line, drives, lines, monitors.monitor().graph().objects(), log, terminal::error);
    try (PcMachine pc = assembly.assemble(architecture, model(), serial)) {
      assembly.drives().describe(monitors.monitor().drives());
      assembly.drives().jobs(monitors.monitor().jobs());
      var devices = new HotPlug(assembly, pc, monitors.monitor().events(), terminal::error);
      var board =
          new DrivenBoard(
              pc.memory(), pc.ports(), stepped(pc.clock()), pc.pins(), pc.machine()::awaitReset);
      return run(pc.machine(), pc.clock(), new Pc(pc, devices, assembly.drives()), board, drives);
    }
  }

  private CpuModel model() throws BlockException {
    String wanted = line.cpu == null ? architecture.defaultModel() : line.cpu;
    for (CpuModel known : architecture.models()) {
      if (known.name().equals(wanted)) {
        return known.with(line.cpuProperties, warning -> terminal.error("warning: " + warning));
      }
    }
    throw CommandLine.error("unable to find CPU model '" + wanted + "'");
  }

  private @Nullable VirtualClock stepped(VirtualClock clock) {
    return line.accelerator() == Accelerator.QTEST ? clock : null;
  }

  /** A PC and what of it changes while it runs. */
  private record Pc(PcMachine machine, HotPlug devices, DriveDevices drives) {}

  private int run(
      Machine built, VirtualClock clock, @Nullable Pc board, DrivenBoard driven, Drives drives)
      throws BlockException {
    machine = built;
    PcMachine pc = board == null ? null : board.machine();
    HotPlug devices = board == null ? null : board.devices();
    lines.whenExit(() -> built.end(Cause.HOST_KEYS));
    MachineState state = pc == null ? BareState.of(built, clock) : pc.state();
    var snapshots = new MachineSnapshots(built, state, clock, monitors.monitor());
    var moves =
        new Migration(
            built, state, monitors.monitor(), line.incoming != null, !line.paused, terminal::error);
    var hot = new HotDrives(drives, board == null ? null : board.drives(), monitors.monitor());
    var subject =
        new MachineSubject(
            built, pc, devices, line.identity, monitors.monitor(), hot, snapshots, moves, log);
    var commands = new MonitorCommands(subject);
    if (line.incoming != null) {
      built.pause(Machine.Halt.INCOMING);
    } else if (line.paused) {
      built.pause();
    }
    MachineCommands.contribute(
        monitors.monitor(),
        new MachineCommands.Subject(
            built,
            architecture.name(),
            line.identity.name(),
            line.identity.identity().uuid(),
            commands,
            subject::powerDown,
            this::endWork,
            answer,
            subject,
            pc == null ? 0 : line.memory,
            QemuSystem.kinds(architecture)));
    SnapshotCommands.contribute(monitors.monitor(), snapshots);
    MigrationCommands.contribute(monitors.monitor(), moves);
    DeviceCommands.contribute(
        monitors.monitor(), devices == null ? DeviceCommands.Slots.NONE : devices);
    commands.hold();
    boolean keys = false; // that command a line itself
    for (Lines.MonitorLine each : lines.human()) {
      HumanMonitor.open(each.line(), commands, each.shared());
      keys |= each.shared();
    }
    if (keys && terminal.isInteractive()) {
      terminal.line(
          "Ctrl-A x ends the machine, Ctrl-A c leads to its monitor and back, Ctrl-A h helps");
    }
    Runtime.getRuntime().addShutdownHook(new Thread(this::endBySignal));
    if (line.pidFile != null) {
      pid = PidFile.write(line.pidFile, ProcessHandle.current().pid());
    }
    Runnable begins = () -> begin(snapshots, moves, built, commands);
    try {
      return driver == null ? built.run(begins) : drive(driver, built, driven, begins);
    } finally {
      moves.end();
    }
  }

  /** The machine begins, with a snapshot if that is wanted, before anybody may command it. */
  private void begin(
      MachineSnapshots snapshots, Migration moves, Machine built, MonitorCommands commands) {
    try {
      String tag = line.loadedSnapshot;
      if (tag != null) {
        snapshots.begin(tag);
      }
      String from = line.incoming;
      if (from != null && !from.equals(Migration.DEFER)) {
        expect(moves, from);
      }
      monitors.begin();
      if (line.daemonize) {
        goToBackground();
      }
      commands.begin();
    } catch (BlockException e) {
      terminal.error(e.getMessage());
      built.end(1);
    }
  }

  private static void expect(Migration moves, String from) throws BlockException {
    try {
      moves.expect(from);
    } catch (BlockException e) {
      throw e.during("-incoming " + from);
    }
  }

  /** Parts from the launcher, which waits for errors until this character comes. */
  private static void goToBackground() throws BlockException {
    Detachment.leaveSession();
    Detachment.leaveFolder();
    System.err.write(READY);
    System.err.flush();
    Detachment.closeErrors();
  }

  /** Runs a machine that somebody drives who is at the end of a line. */
  private int drive(Line driver, Machine built, DrivenBoard board, Runnable begins)
      throws BlockException {
    String name = line.qtestLog == null ? "/dev/stderr" : line.qtestLog;
    if (name.equals("none")) {
      return built.run(() -> {
        begins.run();
        Session.open(driver, board, null);
      });
    }
    try (var out = new PrintStream(name, StandardCharsets.ISO_8859_1)) {
      var log = new Log(out, System::nanoTime);
      return built.run(() -> {
        begins.run();
        Session.open(driver, board, log);
      });
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "-qtest-log " + name + ": " + e.getMessage()).causedBy(e);
    }
  }

  /** A signal ends the machine; the process stays until its disks are closed. */
  private void endBySignal() {
    end(Cause.HOST_SIGNAL);
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
