// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A change of key slots: a passphrase that is to unlock the volume, or one that is not to any more.
 *
 * @param keyslot a single slot, or null
 * @param secret a passphrase that has to unlock the volume first, or null
 * @see "QEMU qapi/crypto.json, QCryptoBlockAmendOptionsLUKS"
 */
public record LuksAmendment(
    boolean activate,
    @Nullable String newSecret,
    @Nullable String oldSecret,
    @Nullable Long keyslot,
    @Nullable Long iterMillis,
    @Nullable String secret) {
  private static final long DEFAULT_ITER_MILLIS = 2000;

  /** The options, with a prefix to their names. */
  public static List<Option<?>> options(String prefix) {
    return List.of(
        Option.string(prefix + "state", "Select new state of affected keyslots (active/inactive)")
            .suggesting("active", "inactive"),
        Option.number(prefix + "keyslot", "Select a single keyslot to modify explicitly"),
        Option.string(prefix + "old-secret", "Select all keyslots that match this password"),
        Option.string(
            prefix + "new-secret",
            "New secret to set in the matching keyslots. Empty string to erase"),
        LuksCreation.iterTimeOption(prefix));
  }

  private static BlockException wrong(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  /** Takes the options, whose names have no prefix here. */
  public static LuksAmendment take(BlockOptions options) throws BlockException {
    String state = options.takeString("state");
    String newSecret = options.takeString("new-secret");
    String oldSecret = options.takeString("old-secret");
    Long keyslot = options.takeNumber("keyslot");
    Long iterTime = options.takeNumber("iter-time");
    String secret = options.takeString("secret");
    if (state == null) {
      throw wrong("Parameter 'state' is missing");
    }
    return switch (state) {
      case "active" -> new LuksAmendment(true, newSecret, oldSecret, keyslot, iterTime, secret);
      case "inactive" -> new LuksAmendment(false, newSecret, oldSecret, keyslot, iterTime, secret);
      default -> throw wrong("Parameter 'state' does not accept value '" + state + "'");
    };
  }

  /**
   * Carries it out.
   *
   * @param volume unlocked
   * @param force even if keys, or the last key, are lost thereby
   */
  public void apply(LuksVolume volume, Passphrases passphrases, boolean force)
      throws BlockException {
    if (activate) {
      activate(volume, passphrases, force);
    } else {
      erase(volume, passphrases, force);
    }
  }

  private int slot(long index) throws BlockException {
    if (index < 0 || index >= LuksHeader.SLOTS) {
      throw wrong(
          "Invalid keyslot "
              + (index & 0xffff_ffffL)
              + " specified, must be between 0 and "
              + (LuksHeader.SLOTS - 1));
    }
    return (int) index;
  }

  private void activate(LuksVolume volume, Passphrases passphrases, boolean force)
      throws BlockException {
    if (newSecret == null) {
      throw wrong("'new-secret' is required to activate a keyslot");
    }
    if (oldSecret != null) {
      throw wrong("'old-secret' must not be given when activating keyslots");
    }
    int slot;
    Long wanted = keyslot;
    if (wanted != null) {
      slot = slot(wanted);
      if (volume.isActive(slot) && !force) {
        throw wrong("Refusing to overwrite active keyslot " + slot + " - please erase it first");
      }
    } else {
      slot = 0;
      while (slot < LuksHeader.SLOTS && volume.isActive(slot)) {
        slot++;
      }
      if (slot == LuksHeader.SLOTS) {
        throw wrong("Can't add a keyslot - all keyslots are in use");
      }
    }
    // The key is there already; but whoever adds a passphrase has to have one that still counts.
    String present = secret == null ? volume.openedWith() : secret;
    if (present != null) {
      checkUnlocks(volume, passphrases.of(present));
    }
    byte[] password = passphrases.of(newSecret);
    try {
      LuksAlgorithms algorithms = volume.algorithms();
      long millis = iterMillis == null ? DEFAULT_ITER_MILLIS : iterMillis;
      volume.writeKey(
          slot,
          password,
          LuksCreation.iterations(algorithms.hash(), algorithms.suite().keyBytes(), millis, 1));
    } finally {
      Arrays.fill(password, (byte) 0);
    }
  }

  private void erase(LuksVolume volume, Passphrases passphrases, boolean force)
      throws BlockException {
    if (newSecret != null) {
      throw wrong("'new-secret' must not be given when erasing keyslots");
    }
    if (iterMillis != null) {
      throw wrong("'iter-time' must not be given when erasing keyslots");
    }
    String old = oldSecret;
    byte @Nullable [] password = old == null ? null : passphrases.of(old);
    try {
      Long wanted = keyslot;
      if (wanted != null) {
        eraseSlot(volume, slot(wanted), password, force);
      } else if (password != null) {
        eraseAllOf(volume, password, force);
      } else {
        throw wrong(
            "To erase keyslot(s), either explicit keyslot index or the password currently contained"
                + " in them must be given");
      }
    } finally {
      if (password != null) {
        Arrays.fill(password, (byte) 0);
      }
    }
  }

  private static void eraseSlot(
      LuksVolume volume, int slot, byte @Nullable [] password, boolean force)
      throws BlockException {
    if (password != null && !isOf(volume, slot, password)) {
      throw wrong(
          "Given keyslot " + slot + " doesn't contain the given old password for erase operation");
    }
    if (!force && !volume.isActive(slot)) {
      throw wrong("Given keyslot " + slot + " is already erased (inactive) ");
    }
    if (!force && volume.activeSlots() == 1) {
      throw wrong(
          "Attempt to erase the only active keyslot "
              + slot
              + " which will erase all the data in the image irreversibly - refusing operation");
    }
    volume.eraseKey(slot);
  }

  private static void eraseAllOf(LuksVolume volume, byte[] password, boolean force)
      throws BlockException {
    var matching = new ArrayList<Integer>();
    for (int slot = 0; slot < LuksHeader.SLOTS; slot++) {
      if (isOf(volume, slot, password)) {
        matching.add(slot);
      }
    }
    if (matching.isEmpty()) {
      throw wrong("No keyslots match given (old) password for erase operation");
    }
    if (!force && matching.size() == volume.activeSlots()) {
      throw wrong(
          "All the active keyslots match the (old) password that was given and erasing them will"
              + " erase all the data in the image irreversibly - refusing operation");
    }
    for (int slot : matching) {
      volume.eraseKey(slot);
    }
  }

  private static void checkUnlocks(LuksVolume volume, byte[] password) throws BlockException {
    try {
      for (int slot = 0; slot < LuksHeader.SLOTS; slot++) {
        if (isOf(volume, slot, password)) {
          return;
        }
      }
    } finally {
      Arrays.fill(password, (byte) 0);
    }
    throw wrong("Invalid password, cannot unlock any keyslot");
  }

  private static boolean isOf(LuksVolume volume, int slot, byte[] password) throws BlockException {
    byte[] key = volume.keyOf(slot, password);
    if (key == null) {
      return false;
    }
    Arrays.fill(key, (byte) 0);
    return true;
  }
}
