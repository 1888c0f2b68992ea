// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.system.device.input.Key;
import dev.strata.system.device.vga.Picture;
import dev.strata.system.log.EventLog;
import dev.strata.system.machine.BoardListing;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a monitor is about: a machine, and what belongs to it. Called on any thread. */
public interface MonitorSubject {
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

  /** What programs say to a monitor. */
  Qmp qmp();

  /**
   * Defines an object, as {@code -object} has it.
   *
   * @return what was asked instead, in lines, or nothing
   */
  String addObject(String definition) throws BlockException;

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

  /** What is told of the board; of none if there is none. */
  BoardListing board();

  /** The button for non-maskable interrupts. */
  void injectNmi();

  /**
   * The processor's virtual memory, in lines.
   *
   * @param merged whether it is ranges of the same rights, instead of pages
   */
  String pages(boolean merged);

  /** Keys are pressed and let go. */
  void type(List<Key> keys, int holdMillis);

  /** What the screen shows now, or null if there is none. */
  @Nullable Picture screen();

  /** The drives that a monitor is about. */
  interface Drives {
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
  interface Devices {
    /** Puts a device in, as {@code -device} has it. */
    void plug(String option) throws BlockException;

    /** Takes a device out, now or when the machine is reset. */
    void unplug(String id) throws BlockException;

    /** Tells clients of devices that have been taken out. */
    void tell();
  }

  /** Where snapshots are taken, and gone back to. */
  interface Snapshots {
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

  /** The commands of QMP. */
  interface Qmp {
    /** Carries one out. */
    JsonValue run(String command, JsonObject arguments) throws BlockException;
  }

  /** Where disks are served to others. */
  interface DiskServer {
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
}
