// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.manual.ToolDescription;

/** {@code qemu-system-x86_64} as its help, its manual and its completion see it. */
public final class SystemDescription implements ToolDescription {
  /** For the service loader. */
  public SystemDescription() {}

  @Override
  public String name() {
    return "qemu-system-x86_64";
  }

  @Override
  public String shortName() {
    return "system";
  }

  @Override
  public String version() {
    return "QEMU emulator version 7.2.22 (Strata 0.1)\nStrata: a disk image toolkit on the JVM\n";
  }

  @Override
  public OptionTable options() {
    int key = OptionTable.FIRST_KEY;
    return new OptionTable()
        .with('h', "help", null, "show this help and end")
        .with(key++, "version", null, "show the version and end")
        .with('M', "machine", "TYPE", "the board: pc, or none; help lists them")
        .with(
            key++,
            "cpu",
            "MODEL",
            "the processor, with +FEATURE or -FEATURE behind it; help lists them")
        .with('m', null, "SIZE", "the guest's memory, in MiB without a suffix; 128 if not given")
        .with(key++, "smp", "CPUS", "processors: 1")
        .with(key++, "accel", "NAME", "how guest code is run: tcg; or qtest, which runs none")
        .with(key++, "qtest", "DEVICE", "where a program drives the board, named as for serial")
        .with(key++, "qtest-log", "FILE", "what it says; none for nowhere")
        .with(
            key++,
            "drive",
            "DRIVE",
            "a disk: file=FILE,format=FMT,if=ide|virtio|floppy|pflash|none,media=disk|cdrom")
        .with(key++, "hda", "FILE", "the first disk of four; hdb, hdc and hdd are the others")
        .with(key++, "hdb", "FILE", "the second disk")
        .with(key++, "hdc", "FILE", "the third disk")
        .with(key++, "hdd", "FILE", "the fourth disk")
        .with(key++, "cdrom", "FILE", "a CD in the third place")
        .with(key++, "fda", "FILE", "the first floppy disk; fdb is the other")
        .with(key++, "fdb", "FILE", "the second floppy disk")
        .with(key++, "snapshot", null, "lose all changes of disks at the end")
        .with(
            key++,
            "device",
            "DEVICE",
            "virtio-blk-pci, ide-hd, virtconsole and others; help lists them")
        .with(
            key++,
            "object",
            "OBJECT",
            "define an object, as a secret or rng-random,id=ID,filename=FILE for virtio-rng-pci")
        .with(
            key++,
            "global",
            "PROPERTY",
            "isa-debugcon.iobase=PORT or floppy.drive=NAME; also as driver=, property= and value=")
        .with(key++, "kernel", "FILE", "boot this Linux or Multiboot kernel")
        .with(
            key++,
            "initrd",
            "FILE",
            "its initial RAM disk, or modules with their arguments and commas between")
        .with(key++, "append", "TEXT", "its command line")
        .with(
            key++,
            "boot",
            "ORDER",
            "where firmware looks for something to boot, as cad; also order=ORDER, once=ORDER,"
                + " menu=on, splash-time=MS, reboot-timeout=MS, strict=on")
        .with(
            key++,
            "option-rom",
            "FILE",
            "a ROM that firmware runs; also romfile=FILE, bootindex=NUMBER")
        .with(
            key++,
            "fw_cfg",
            "ITEM",
            "what a guest can read: name=opt/NAME, with string=TEXT or file=FILE")
        .with(
            key++,
            "rtc",
            "CLOCK",
            "the board's clock: base=utc, localtime or a date; clock=host, rt or vm")
        .with(key++, "no-fd-bootchk", null, "boot floppies without a boot sector's signature")
        .with(key++, "no-user-config", null, "read no configuration; there is none")
        .with(key++, "bios", "FILE", "the firmware; SeaBIOS if not given")
        .with('L', null, "FOLDER", "where firmware is looked for first")
        .with(
            key++,
            "nographic",
            null,
            "the guest's console is here, on the first serial port; Ctrl-A h helps")
        .with(key++, "name", "NAME", "what the monitor calls the machine")
        .with(key++, "uuid", "UUID", "the machine's UUID in its SMBIOS tables")
        .with(
            key++,
            "smbios",
            "TABLE",
            "what the SMBIOS tells:"
                + " type=1,manufacturer=,product=,version=,serial=,uuid=,sku=,family=")
        .with(
            key++,
            "serial",
            "DEVICE",
            "stdio, null, none, file:FILE, unix:PATH, tcp:HOST:PORT, chardev:ID;"
                + " behind mon: with a monitor")
        .with(
            key++,
            "chardev",
            "DEVICE",
            "a stream for devices and monitors: stdio, null, file, ringbuf or socket, with id=ID")
        .with(
            key++,
            "add-fd",
            "FILE",
            "an open file of whoever starts this: fd=NUMBER,set=N,opaque=TEXT; it is /dev/fdset/N")
        .with(key++, "debugcon", "DEVICE", "where the debug console writes")
        .with(
            key++,
            "nodefaults",
            null,
            "no serial port, VGA, CD or floppy drive but those asked for")
        .with(key++, "no-hpet", null, "no high precision event timer")
        .with(key++, "no-reboot", null, "end when the guest wants to begin anew")
        .with(key++, "no-shutdown", null, "stay, paused, when the guest switches the machine off")
        .with(
            key++,
            "action",
            "ACTIONS",
            "reboot=reset|shutdown, shutdown=poweroff|pause and"
                + " panic=pause|shutdown|exit-failure|none")
        .with('S', null, null, "begin paused, until the monitor's command cont")
        .with(key++, "monitor", "DEVICE", "where commands are typed, named as for serial")
        .with(key++, "qmp", "DEVICE", "where programs give commands in QMP, named as for serial")
        .with(key++, "qmp-pretty", "DEVICE", "the same, with replies of several lines")
        .with(
            key++,
            "mon",
            "MONITOR",
            "a monitor: chardev=ID[,mode=control|readline][,pretty=on]; control is QMP")
        .with(key++, "blockdev", "NODE", "open a node: DRIVER,node-name=NAME and its options")
        .with(
            'd',
            null,
            "ITEMS",
            "log int, cpu_reset, guest_errors or unimp, with commas between; help lists them")
        .with('D', null, "FILE", "the log's file; %d in it is the process's number")
        .with(key++, "daemonize", null, "go on in the background when the machine is ready")
        .with(key++, "pidfile", "FILE", "write the process's number there")
        .with(key++, "set", "SETTING", "device.ID.PROPERTY=VALUE or drive.ID.PROPERTY=VALUE")
        .with(key++, "incoming", "URI", "go on with a machine that comes from there, or defer")
        .with(key++, "loadvm", "TAG", "begin with that snapshot of the machine and its disks")
        .with(key++, "display", "none", "no window shows the screen; the monitor's screendump does")
        .with(key++, "vga", "std|none", "the display adapter: a standard VGA if not given")
        .with(key++, "parallel", "DEVICE", "where the printer is: null, none, file:FILE, stdio")
        .with(key++, "net", "none", "there is none")
        .with(key, "nic", "none", "there is none")
        .operand("[FILE]");
  }

  @Override
  public Description describe() {
    return Description.of(
        "runs a PC with disk images of any format",
        """
        FILE is the image of the first disk. Options may have one dash or two. INT and TERM end the
        machine, with all that the guest was told is stable on stable storage.

        No window shows the board's screen: the monitor's command screendump makes a picture of it.
        """,
        "qemu-system-x86_64 -nographic -hda disk.qcow2",
        "starts from a disk, with the guest's console here",
        "qemu-system-x86_64 -nographic -drive file=disk.qcow2,if=virtio -no-reboot",
        "the same with a virtio disk, until the guest reboots");
  }
}
