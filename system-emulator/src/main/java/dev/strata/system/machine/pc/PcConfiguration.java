// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.chardev.Line;
import dev.strata.system.device.flash.FlashImage;
import dev.strata.system.device.timer.TimeSource;
import dev.strata.system.log.EventLog;
import dev.strata.system.machine.Actions;
import java.time.LocalDateTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a PC is made of, beside its disks and cards.
 *
 * @param identity what it tells of itself
 * @param memory bytes of RAM, at least 1 MiB
 * @param cpuModel as {@code -cpu} names it
 * @param biosName what listings call the firmware
 * @param bios the firmware's bytes: a multiple of 64 KiB, or what the first flash chip holds
 * @param flash chips with firmware, from 4 GiB downwards; if there is none, firmware is in ROM
 * @param serial what the serial ports lead to, from COM1 on; at most four
 * @param parallel what the parallel port leads to, or null if there is none
 * @param panicPort where a guest says that it has panicked; 0 for nowhere
 * @param serialConsole whether firmware shows its text on the first serial port
 * @param actions what becomes of the machine when its guest resets, powers off or panics
 * @param boot what firmware is to boot
 * @param systemManagement whether the board calls the processor's system management mode
 * @param hpet whether there is a high precision event timer
 * @param clockSource what the board's clock goes by
 * @param start the time of day at which it begins
 * @param log takes what its items ask for
 */
public record PcConfiguration(
    PcIdentity identity,
    long memory,
    String cpuModel,
    String biosName,
    byte[] bios,
    List<FlashImage> flash,
    List<Line> serial,
    @Nullable Line parallel,
    int panicPort,
    boolean serialConsole,
    Actions actions,
    PcBoot boot,
    boolean systemManagement,
    boolean hpet,
    TimeSource clockSource,
    LocalDateTime start,
    EventLog log) {}
