// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.firmware.BootKernel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What firmware is to boot.
 *
 * @param order letters of what is tried: a, c, d, n
 * @param once letters for the first time, until the machine is reset; null if they are the same
 * @param menu whether the user is asked
 * @param menuMillis how long, in ms; negative if firmware decides
 * @param failMillis how long until it begins anew where nothing can be booted, in ms; -1 for never,
 *     {@link #UNSAID} if firmware decides
 * @param strict whether only what has a place in the order of boot indices is tried
 * @param floppySignature whether a floppy without a boot sector's signature is passed over
 * @param kernel what is booted instead of a disk, or null
 * @param roms more ROMs that firmware runs
 * @see "SeaBIOS, docs/Runtime_config.md"
 */
public record PcBoot(
    String order,
    @Nullable String once,
    boolean menu,
    int menuMillis,
    int failMillis,
    boolean strict,
    boolean floppySignature,
    @Nullable BootKernel kernel,
    List<Rom> roms) {
  /** Nobody has said. */
  public static final int UNSAID = -2;

  /** As a PC boots if nobody says otherwise. */
  public static final PcBoot DEFAULT =
      new PcBoot("cad", null, false, -1, UNSAID, false, true, null, List.of());

  /**
   * An option ROM.
   *
   * @param name the last part of its file's name
   * @param bootIndex its place among what is booted, the lowest first; negative for none
   */
  public record Rom(String name, byte[] content, int bootIndex) {}
}
