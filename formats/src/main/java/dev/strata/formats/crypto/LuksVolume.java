// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A LUKS1 header where it lies, and, once unlocked, the key that it keeps. Its user sees to it that
 * there is one call at a time.
 */
public final class LuksVolume implements AutoCloseable {
  private final HeaderArea area;
  private final LuksAlgorithms algorithms;
  private LuksHeader header;
  private byte @Nullable [] masterKey;
  private volatile @Nullable String openedWith;

  private LuksVolume(HeaderArea area, LuksHeader header) throws BlockException {
    this.area = area;
    this.header = header;
    this.algorithms = LuksAlgorithms.of(header);
  }

  /** Whether these first bytes of a file are a LUKS1 header's. */
  public static boolean isAt(byte[] head) {
    return LuksHeader.isAt(head) && LuksHeader.versionAt(head) == 1;
  }

  /**
   * Reads the header.
   *
   * @throws BlockException if it is none, or damaged, or of something not supported
   */
  public static LuksVolume open(HeaderArea area) throws BlockException {
    var bytes = new byte[LuksHeader.BYTES];
    area.read(0, bytes);
    return new LuksVolume(area, LuksHeader.decode(bytes));
  }

  /**
   * Writes a header with one slot in use; the payload begins behind the slots.
   *
   * @return the volume, unlocked
   */
  static LuksVolume create(
      HeaderArea area, LuksHeader header, byte[] masterKey, byte[] password, long iterations)
      throws BlockException {
    var volume = new LuksVolume(area, header);
    volume.masterKey = masterKey.clone();
    volume.writeKey(0, password, iterations);
    return volume;
  }

  /** Where the encrypted disk begins, in bytes from the header's start on. */
  public long payloadOffset() {
    return header.payloadSector() * LuksHeader.SECTOR;
  }

  /** Where the header with its key slots ends, in bytes from its start on. */
  LuksHeader header() {
    return header;
  }

  LuksAlgorithms algorithms() {
    return algorithms;
  }

  /** Notes which of the user's secrets unlocked it, or null. */
  public void openedWith(@Nullable String secretId) {
    openedWith = secretId;
  }

  /** The secret that unlocked it, as the user names it; null if that is not known. */
  @Nullable String openedWith() {
    return openedWith;
  }

  /**
   * Finds the key by a passphrase.
   *
   * @throws BlockException EPERM if no slot is of that passphrase
   */
  public void unlock(byte[] password) throws BlockException {
    for (int slot = 0; slot < LuksHeader.SLOTS; slot++) {
      byte[] key = keyOf(slot, password);
      if (key != null) {
        masterKey = key;
        return;
      }
    }
    throw new BlockException(Errno.EPERM, "Invalid password, cannot unlock any keyslot");
  }

  /** The sectors of the disk; the volume is unlocked. */
  public EncryptedSectors sectors() {
    return new EncryptedSectors(algorithms.suite(), unlockedKey());
  }

  private byte[] unlockedKey() {
    byte[] key = masterKey;
    if (key == null) {
      throw new IllegalStateException("The volume has not been unlocked");
    }
    return key;
  }

  /** The master key out of a slot, or null if the slot is not of that passphrase. */
  byte @Nullable [] keyOf(int index, byte[] password) throws BlockException {
    KeySlot slot = header.slots().get(index);
    if (!slot.isActive()) {
      return null;
    }
    int keyBytes = algorithms.suite().keyBytes();
    byte[] slotKey =
        Pbkdf2.derive(algorithms.hash(), password, slot.salt(), slot.iterations(), keyBytes);
    var material =
        new KeyMaterial(
            slot.materialSector() * LuksHeader.SECTOR,
            (int) header.materialSectors() * LuksHeader.SECTOR,
            algorithms);
    byte[] key = material.candidate(area, slotKey, keyBytes);
    byte[] digest =
        Pbkdf2.derive(
            algorithms.hash(), key, header.salt(), header.iterations(), LuksHeader.DIGEST_BYTES);
    if (MessageDigest.isEqual(digest, header.digest())) {
      return key;
    }
    Arrays.fill(key, (byte) 0);
    return null;
  }

  boolean isActive(int slot) {
    return header.slots().get(slot).isActive();
  }

  int activeSlots() {
    int active = 0;
    for (KeySlot slot : header.slots()) {
      if (slot.isActive()) {
        active++;
      }
    }
    return active;
  }

  /**
   * Lets a passphrase unlock the volume, which is unlocked now, by that slot.
   *
   * @param iterations of PBKDF2
   */
  void writeKey(int index, byte[] password, long iterations) throws BlockException {
    var random = new SecureRandom();
    var salt = new byte[LuksHeader.SALT_BYTES];
    random.nextBytes(salt);
    if (isActive(index)) {
      // While its material changes the slot is of no use; a crash must not leave it looking so.
      writeSlot(index, header.slots().get(index).erased());
    }
    int keyBytes = algorithms.suite().keyBytes();
    byte[] slotKey = Pbkdf2.derive(algorithms.hash(), password, salt, iterations, keyBytes);
    byte[] split = AntiForensic.split(algorithms.hash(), unlockedKey(), KeySlot.STRIPES, random);
    byte[] sectors = Arrays.copyOf(split, (int) header.materialSectors() * LuksHeader.SECTOR);
    Arrays.fill(split, (byte) 0);
    var cipher = new SectorCipher(algorithms.suite(), slotKey);
    MemorySegment memory = MemorySegment.ofArray(sectors);
    cipher.encrypt(0, memory, memory);
    cipher.wipe();
    Arrays.fill(slotKey, (byte) 0);
    KeySlot slot = header.slots().get(index);
    area.write(slot.materialSector() * LuksHeader.SECTOR, sectors);
    // The material first: a slot that is said to be active has to have it, whatever happens
    // between.
    area.flush();
    writeSlot(index, slot.holding(iterations, salt));
  }

  /** Gives a slot's key up: nothing of it stays. */
  void eraseKey(int index) throws BlockException {
    KeySlot slot = header.slots().get(index);
    writeSlot(index, slot.erased());
    var noise = new byte[(int) header.materialSectors() * LuksHeader.SECTOR];
    new SecureRandom().nextBytes(noise);
    area.write(slot.materialSector() * LuksHeader.SECTOR, noise);
    area.flush();
  }

  private void writeSlot(int index, KeySlot slot) throws BlockException {
    LuksHeader changed = header.withSlot(index, slot);
    area.write(0, changed.encode());
    area.flush();
    header = changed;
  }

  /**
   * What is told of the header, as {@code QCryptoBlockInfoLUKS} has it.
   *
   * @param named whether {@code format} says that it is LUKS
   */
  public JsonObject describe(boolean named) {
    CipherSuite suite = algorithms.suite();
    var slots = new JsonArray();
    for (KeySlot slot : header.slots()) {
      var described = new JsonObject().put("active", slot.isActive());
      if (slot.isActive()) {
        described.put("iters", slot.iterations());
      }
      described.put("key-offset", slot.materialSector() * LuksHeader.SECTOR);
      if (slot.isActive()) {
        described.put("stripes", slot.stripes());
      }
      slots.add(described);
    }
    // In the order in which the reference prints them.
    var all = new JsonObject();
    all.put("ivgen-alg", suite.iv().word());
    all.put("hash-alg", algorithms.hash().word());
    all.put("cipher-alg", suite.cipher().word());
    all.put("uuid", LuksHeader.printable(header.uuid()));
    HashAlgorithm ivHash = suite.ivHash();
    if (ivHash != null) {
      all.put("ivgen-hash-alg", ivHash.word());
    }
    if (named) {
      all.put("format", "luks");
    }
    all.put("cipher-mode", suite.mode().word());
    all.put("slots", slots);
    all.put("payload-offset", payloadOffset());
    all.put("master-key-iters", header.iterations());
    return all;
  }

  /** Forgets the key. */
  @Override
  public void close() {
    byte[] key = masterKey;
    if (key != null) {
      Arrays.fill(key, (byte) 0);
      masterKey = null;
    }
  }
}
