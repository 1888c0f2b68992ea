// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.block.BlockException;
import dev.strata.block.drive.GuestDrive;
import dev.strata.system.chardev.Line;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.cpu.Architecture;
import dev.strata.system.cpu.Cpu;
import dev.strata.system.cpu.CpuModel;
import dev.strata.system.cpu.CpuSurroundings;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.device.debug.DebugConsole;
import dev.strata.system.device.debug.DebugExit;
import dev.strata.system.device.debug.PanicCard;
import dev.strata.system.device.debug.PanicRegister;
import dev.strata.system.device.dma.DmaController;
import dev.strata.system.device.flash.FlashChip;
import dev.strata.system.device.flash.FlashImage;
import dev.strata.system.device.floppy.FloppyController;
import dev.strata.system.device.floppy.FloppyType;
import dev.strata.system.device.ide.IdeController;
import dev.strata.system.device.input.Keyboard;
import dev.strata.system.device.input.KeyboardController;
import dev.strata.system.device.input.Mouse;
import dev.strata.system.device.input.Typist;
import dev.strata.system.device.parallel.ParallelPort;
import dev.strata.system.device.pci.HostBridge;
import dev.strata.system.device.pci.IsaBridge;
import dev.strata.system.device.pci.PciBus;
import dev.strata.system.device.pci.PowerManagement;
import dev.strata.system.device.scsi.LogicalUnit;
import dev.strata.system.device.scsi.ScsiBus;
import dev.strata.system.device.serial.Uart16550;
import dev.strata.system.device.timer.RealTimeClock;
import dev.strata.system.device.vga.Picture;
import dev.strata.system.device.vga.VgaCard;
import dev.strata.system.device.virtio.BalloonDevice;
import dev.strata.system.device.virtio.BlockDevice;
import dev.strata.system.device.virtio.ConsoleDevice;
import dev.strata.system.device.virtio.EntropyDevice;
import dev.strata.system.device.virtio.EntropySource;
import dev.strata.system.device.virtio.ScsiHost;
import dev.strata.system.firmware.FirmwareConfig;
import dev.strata.system.machine.Accelerator;
import dev.strata.system.machine.BoardListing;
import dev.strata.system.machine.Cause;
import dev.strata.system.machine.ChipPins;
import dev.strata.system.machine.DeviceNode;
import dev.strata.system.machine.Machine;
import dev.strata.system.machine.MachineState;
import dev.strata.system.machine.MainMemory;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The machine {@code pc}: i440FX, PIIX3, what is on their board, and cards. */
public final class PcMachine implements AutoCloseable {
  static final int[] SERIAL_PORTS = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
  static final int[] SERIAL_INTERRUPTS = {4, 3, 4, 3};
  static final int PARALLEL_PORT = 0x378;
  static final int PARALLEL_INTERRUPT = 7;

  private final AddressSpace memory = new AddressSpace(1L << 52, 0);
  private final AddressSpace processorMemory = AddressSpace.over(memory);
  private final AddressSpace ports = new AddressSpace(0x10000, -1);
  private final PcPorts board = new PcPorts(ports);
  private final DeviceMemory deviceMemory = new DeviceMemory(memory);
  private final VirtualClock clock;
  private final Machine machine;
  private final PcMemory ram;
  private final PcProcessor processor;
  private final PcInterrupts interrupts;
  private final Map<String, Device> chips = new LinkedHashMap<>(); // in the order of their reset
  private final Map<String, MemorySegment> memories = new LinkedHashMap<>(); // beside the RAM
  private final List<GuestDrive> disks = new CopyOnWriteArrayList<>();
  private final FirmwareConfig firmware;
  private final BoardListing listing;
  private final PcBoot boot;
  private long resets; // of the processor's thread
  private final PciBus pci;
  private final PcCards cards;
  private final IdeController ide;
  private final PowerManagement power;
  private final FloppyController floppies;
  private final RealTimeClock time;
  private final Typist typist;
  private final PcTree tree;
  private final PcState state;
  private @Nullable PcDisplay display;
  private @Nullable BalloonDevice balloon;

  /** A PC. */
  public PcMachine(
      PcConfiguration configuration,
      Architecture architecture,
      CpuModel model,
      Accelerator accelerator) {
    clock = accelerator.clock();
    machine = new Machine(clock, this::resetBoard, configuration.actions());
    memory.tellUnassigned(new UnassignedAccesses(configuration.log()));
    processorMemory.tellUnassigned(new UnassignedAccesses(configuration.log()));
    tree = new PcTree(configuration.hpet());
    List<FlashImage> flash = configuration.flash();
    ram = new PcMemory(memory, configuration.memory(), configuration.bios(), flash.isEmpty());
    addFlash(flash);
    processor = new PcProcessor(machine);
    interrupts = new PcInterrupts(memory, ports, processor, clock);

    IsaBridge[] isa = new IsaBridge[1];
    var wires = new IrqLine[4];
    for (int wire = 0; wire < 4; wire++) {
      int number = wire;
      wires[wire] = level -> isa[0].wire(number).set(level);
    }
    pci = new PciBus(memory, ports, wires);
    cards = new PcCards(pci, tree, deviceMemory);
    isa[0] = new IsaBridge(interrupts.pciLines(), machine::requestReset);
    var bridge = new HostBridge(memory, processorMemory, ram.ram(), ram.shadowedRom());
    pci.attach(0, 0, false, bridge);
    pci.attach(1, 0, true, isa[0]);
    ide =
        new IdeController(
            ports,
            deviceMemory,
            new IrqLine[] {interrupts.line(14), interrupts.line(15)},
            cards.worker("ide", 1));
    pci.attach(1, 1, false, ide);
    power =
        new PowerManagement(
            clock, interrupts.line(9), new PowerPins(), configuration.systemManagement());
    pci.attach(1, 3, false, power);
    board.map(0xcf8, 8, 4, pci.configurationPorts(isa[0].resetPort()));
    board.map(0xb2, 2, 1, power.apmPorts());
    chips.put("pci", pci);

    var dma = new DmaController(deviceMemory);
    board.map(0x00, 16, 1, dma.lower());
    board.map(0xc0, 32, 1, dma.upper());
    board.map(0x80, 16, 1, dma.pages());
    chips.put("dma", dma);
    floppies = new FloppyController(interrupts.line(6), dma.channel(2), cards.worker("floppy", 1));
    board.map(0x3f0, 6, 1, floppies.ports());
    board.map(0x3f7, 1, 1, floppies.inputPort());
    chips.put("floppy", floppies);

    typist = addKeyboard();
    var timers =
        new PcTimers(
            clock,
            configuration.clockSource(),
            configuration.start(),
            configuration.hpet(),
            interrupts,
            memory,
            board);
    chips.putAll(timers.chips());
    chips.put("interrupts", interrupts);
    time = timers.time();
    ram.describe(time);
    PcFirmware.floppies(time, 0, 0);
    boot = configuration.boot();
    addSerial(configuration.serial());
    addParallel(configuration.parallel());
    if (configuration.panicPort() != 0) {
      board.map(configuration.panicPort(), 1, 1, panicRegister());
      tree.isa("pvpanic", configuration.panicPort(), -1);
    }
    firmware = new FirmwareConfig(deviceMemory);
    listing =
        new PcListing(
            memory,
            ports,
            interrupts,
            tree,
            pci,
            firmware,
            configuration.biosName(),
            flash.isEmpty() ? configuration.bios().length : 0);
    new PcFirmware(firmware, ram).describe(configuration);
    board.map(FirmwareConfig.PORT, 2, 2, firmware.ports());
    board.map(FirmwareConfig.DMA_PORT, 8, 4, firmware.dmaPorts());
    chips.put("fw_cfg", firmware);

    Cpu cpu =
        architecture.create(
            0,
            model,
            new CpuSurroundings(
                processorMemory,
                ports,
                interrupts.pins(bridge::systemManagement),
                clock::nanos,
                new Entropy(),
                configuration.log()));
    processor.plug(cpu);
    machine.processor(accelerator.processor(cpu));
    var main = new MainMemory(ram.ram(), memory);
    state = new PcState(machine, clock, ram, main, pci, processor, chips, memories, disks);
    machine.whenResumed(state::resumed);
  }

  private final class PowerPins implements PowerManagement.BoardPins {
    @Override
    public void systemManagementInterrupt() {
      processor.systemManagementInterrupt();
    }

    @Override
    public void powerOff() {
      machine.powerOff(Cause.GUEST_SHUTDOWN);
    }
  }

  private final class KeyboardPins implements KeyboardController.BoardPins {
    @Override
    public void addressLine20(boolean open) {
      memory.addressMask(open ? -1 : ~(1L << 20));
    }

    @Override
    public void reset() {
      machine.requestReset();
    }
  }

  private void addFlash(List<FlashImage> images) {
    long base = 1L << 32;
    for (int index = 0; index < images.size(); index++) {
      FlashImage image = images.get(index);
      base -= image.content().length;
      String name = "system.flash" + index;
      var chip = new FlashChip(name, image, ram.arena(), memory, base);
      disks.add(image.drive());
      chips.put(name, chip);
      memories.put(name, chip.memory());
      tree.flash(name, image, base);
    }
  }

  private Typist addKeyboard() {
    var keyboard =
        new KeyboardController(
            new Keyboard(),
            new Mouse(),
            interrupts.line(1),
            interrupts.line(12),
            new KeyboardPins());
    board.map(0x60, 1, 1, keyboard.dataPort());
    board.map(0x64, 1, 1, keyboard.commandPort());
    board.map(0x92, 1, 1, keyboard.systemControlPort());
    chips.put("keyboard", keyboard);
    return new Typist(clock, keyboard);
  }

  private void addSerial(List<Line> lines) {
    for (int index = 0; index < lines.size(); index++) {
      var uart = new Uart16550(lines.get(index), interrupts.line(SERIAL_INTERRUPTS[index]));
      board.map(SERIAL_PORTS[index], 8, 1, uart);
      tree.isa("isa-serial", SERIAL_PORTS[index], SERIAL_INTERRUPTS[index]);
      chips.put("serial " + index, uart);
    }
  }

  private void addParallel(@Nullable Line printer) {
    if (printer != null) {
      var port = new ParallelPort(printer, interrupts.line(PARALLEL_INTERRUPT));
      board.map(PARALLEL_PORT, ParallelPort.PORTS, 1, port);
      tree.isa("isa-parallel", PARALLEL_PORT, PARALLEL_INTERRUPT);
      chips.put("parallel", port);
    }
  }

  private PanicRegister panicRegister() {
    return new PanicRegister(machine::panicked);
  }

  /** Adds the port that ends the emulator. */
  public void addDebugExit(int port, int size) {
    board.map(port, size, 4, new DebugExit(machine::end));
    tree.isa("isa-debug-exit", port, -1);
  }

  /** Adds a debug console. */
  public void addDebugConsole(int port, Line output) {
    board.map(port, 1, 1, new DebugConsole(output));
    tree.isa("isa-debugcon", port, -1);
  }

  /**
   * Connects an IDE disk.
   *
   * @param index 0 to 3
   */
  public void addIdeDisk(int index, GuestDrive disk, String serial) {
    disks.add(disk);
    ide.attach(index, disk, serial);
    tree.ide(index, "ide-hd");
  }

  /**
   * Connects an IDE CD drive.
   *
   * @param index 0 to 3
   */
  public void addIdeCd(int index, GuestDrive drive, String serial) {
    disks.add(drive);
    ide.attachCd(index, drive, serial);
    tree.ide(index, "ide-cd");
  }

  /** Whether nothing is connected to an IDE place, 0 to 3. */
  public boolean isIdeFree(int index) {
    return ide.isFree(index);
  }

  /**
   * Connects a floppy drive, before the machine runs.
   *
   * @param number 0 or 1
   * @param properties what listings say of it beside its place and its type
   */
  public void addFloppy(int number, GuestDrive drive, FloppyType type, List<String> properties) {
    disks.add(drive);
    floppies.attach(number, drive, type);
    tree.floppy(number, properties, FloppyType.of(floppies.driveType(number)).word());
    PcFirmware.floppies(time, floppies.driveType(0), floppies.driveType(1));
  }

  /** Whether there is no such floppy drive, 0 or 1. */
  public boolean isFloppyFree(int number) {
    return floppies.isFree(number);
  }

  /**
   * Adds the display adapter: one at most.
   *
   * @param bios its firmware, at most 64 KiB
   */
  public void addVga(byte[] bios) {
    var card = new VgaCard(bios, ram.arena(), clock);
    cards.add("VGA", card);
    memories.put("vga.vram", card.memory());
    display = new PcDisplay(card, memory, board);
  }

  /** Whether there is a display adapter. */
  public boolean hasVga() {
    return display != null;
  }

  /** Who types at the keyboard. */
  public Typist typist() {
    return typist;
  }

  /** What the screen shows now, or null if there is no display adapter. */
  public @Nullable Picture screen() {
    PcDisplay here = display;
    return here == null ? null : here.picture();
  }

  /** Adds a virtio disk on the PCI bus. */
  public Removal addVirtioDisk(GuestDrive disk, boolean readOnly, String serial) {
    disks.add(disk);
    PcCards.Card card = cards.addVirtio("virtio-blk", new BlockDevice(disk, readOnly, serial));
    return () -> {
      cards.remove(card);
      disks.remove(disk);
    };
  }

  /**
   * Adds a SCSI host of virtio's kind on the PCI bus, no units as yet.
   *
   * @param bus what its bus is called
   */
  public ScsiCard addScsiHost(String bus) {
    var host = new ScsiHost();
    PcCards.Card card = cards.addVirtio("virtio-scsi", host);
    tree.scsi(host.bus(), card.node(), bus);
    return new ScsiCard(host.bus(), () -> cards.remove(card));
  }

  /** A SCSI bus, and how its card is taken out. */
  public record ScsiCard(ScsiBus bus, Removal removal) {}

  /** Takes something out of the machine again; waits for its requests. */
  public interface Removal {
    /** Does it, once. */
    void run();
  }

  /** Puts a unit at a place of a SCSI bus that is free. */
  public Removal addScsiUnit(ScsiBus bus, String model, int target, int number, LogicalUnit unit) {
    disks.add(unit.drive());
    DeviceNode node = tree.unit(bus, model, target, number);
    bus.add(target, number, unit);
    return () -> {
      bus.remove(unit);
      tree.remove(node);
      disks.remove(unit.drive());
    };
  }

  /** Has something be done at the next reset, before devices are reset. */
  public void atReset(Runnable pull) {
    cards.atReset(pull);
  }

  /** Adds what gives the guest random bytes. */
  public void addEntropy(EntropySource source) {
    cards.addVirtio("virtio-rng", new EntropyDevice(source));
  }

  /**
   * Adds serial lines of virtio's kind, none as yet.
   *
   * @param most how many there can be, 1 to {@value ConsoleDevice#MOST_PORTS}
   * @param bus what their bus is called
   */
  public ConsoleDevice addConsoles(int most, String bus) {
    var consoles = new ConsoleDevice(most);
    DeviceNode card = cards.addVirtio("virtio-serial", consoles).node();
    tree.consoles(consoles, card.bus(bus, "virtio-serial-bus"));
    return consoles;
  }

  /**
   * Adds a port to such lines.
   *
   * @param wanted its number, or -1 for the next
   * @param name how the guest finds it, or empty
   */
  public void addConsolePort(ConsoleDevice to, int wanted, boolean console, String name, Line line)
      throws BlockException {
    int number = to.add(wanted, console, name, line);
    tree.port(to, console ? "virtconsole" : "virtserialport", number, name);
  }

  /** Adds what takes memory from the guest: one at most. */
  public void addBalloon() {
    var device = new BalloonDevice(deviceMemory, ram.size(), machine::guestHas);
    cards.addVirtio("virtio-balloon", device);
    balloon = device;
  }

  /** What takes memory from the guest, or null. */
  public @Nullable BalloonDevice balloon() {
    return balloon;
  }

  /** Adds what ends the machine when the guest panics. */
  public void addPanic() {
    cards.add("pvpanic-pci", new PanicCard(panicRegister()));
  }

  /** What was added last is called so by the user. */
  public void identify(String id) {
    tree.identify(id);
  }

  /** Whether there is a slot for another card. */
  public boolean hasFreeSlot() {
    return cards.hasFreeSlot();
  }

  /** The processor takes an interrupt: its vector. */
  int acknowledge() {
    return interrupts.acknowledge();
  }

  /** What the reset line does. */
  void resetBoard() {
    String once = boot.once();
    boolean first = resets++ == 0;
    PcFirmware.bootOrder(time, first && once != null ? once : boot.order(), boot.floppySignature());
    cards.reset();
    chips.values().forEach(Device::reset);
  }

  /**
   * Adds a file for firmware and guests, before the machine runs.
   *
   * @param name at most 55 characters of ASCII
   * @return false if there is one of that name
   */
  public boolean addFirmwareFile(String name, byte[] content) {
    if (firmware.hasFile(name)) {
      return false;
    }
    firmware.file(name, content);
    return true;
  }

  /** The ports, as the processor sees them. */
  public AddressSpace ports() {
    return ports;
  }

  /** The memory, as the processor sees it. */
  public AddressSpace memory() {
    return memory;
  }

  /** The guest's time. */
  public VirtualClock clock() {
    return clock;
  }

  /** The pins that somebody may watch. */
  public List<ChipPins> pins() {
    return interrupts.watched();
  }

  /** A byte of physical memory, or of a device that answers there; -1 if nothing does. */
  public int physicalByte(long address) {
    return memory.lookup(address) == null ? -1 : (int) memory.read(address, 1);
  }

  /** What the monitor tells of it. */
  public BoardListing listing() {
    return listing;
  }

  /** The button for non-maskable interrupts. */
  public void injectNmi() {
    interrupts.nonMaskableLine().pulse();
  }

  /** The machine, to be run. */
  public Machine machine() {
    return machine;
  }

  /** What lasts of it, piece by piece. */
  PcState parts() {
    return state;
  }

  /** All that lasts of it. */
  public MachineState state() {
    return new MachineState(machine, state);
  }

  /** Somebody presses the power button. */
  public void pressPowerButton() {
    power.pressPowerButton();
  }

  /** Ends what the machine runs beside its processor; waits for requests in flight. */
  @Override
  public void close() {
    disks.forEach(drive -> drive.abandonAll(true)); // nobody will have the machine go on
    cards.close();
    ram.close();
  }
}
