// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonObject;

/**
 * A place for the volume's key, encrypted by one passphrase.
 *
 * @param id 0 to 31
 * @param priority {@link #IGNORED}, 1 or 2: higher ones are tried before
 * @param keyBytes of the volume's key
 * @param areaOffset where the key's stripes begin, in bytes
 * @param areaKeyBytes of the key that those are encrypted by
 * @param algorithms of the stripes: what encrypts them, and the hash in between
 * @see "LUKS2 On-Disk Format Specification 1.1.1, 3.2"
 */
record Luks2Keyslot(
    int id,
    int priority,
    int keyBytes,
    long areaOffset,
    int areaKeyBytes,
    LuksAlgorithms algorithms,
    KeyDerivation derivation) {
  /** Of slots that are for use only by who names them. */
  static final int IGNORED = 0;

  private static final int NORMAL = 1;
  private static final int PREFERRED = 2;
  private static final int MAX_KEY = 512;

  /**
   * Reads a slot of type {@code luks2}.
   *
   * @param areas where key material may lie: behind both headers, so many bytes
   */
  static Luks2Keyslot decode(int id, Luks2Object slot, Range areas) throws BlockException {
    int priority = slot.has("priority") ? slot.number("priority", IGNORED, PREFERRED) : NORMAL;
    int keyBytes = slot.number("key_size", 1, MAX_KEY);
    Luks2Object af = slot.object("af");
    if (!af.string("type").equals("luks1")) {
      throw af.wrong("type", "is no way to split a key that is known");
    }
    af.number("stripes", KeySlot.STRIPES, KeySlot.STRIPES);
    Luks2Object area = slot.object("area");
    if (!area.string("type").equals("raw")) {
      throw area.wrong("type", "is no kind of area that is known");
    }
    int areaKeyBytes = area.number("key_size", 1, MAX_KEY);
    long offset = area.decimal("offset", areas.start(), areas.end());
    long size = area.decimal("size", materialBytes(keyBytes), areas.end() - areas.start());
    if (size > areas.end() - offset) {
      throw area.wrong("size", "is " + size + ", which leads out of the area of key slots");
    }
    var algorithms = Luks2Cipher.of(area).algorithms(areaKeyBytes, af.string("hash"));
    KeyDerivation derivation = KeyDerivation.decode(slot.object("kdf"));
    return new Luks2Keyslot(id, priority, keyBytes, offset, areaKeyBytes, algorithms, derivation);
  }

  /** Bytes of the image, {@code end} not included. */
  record Range(long start, long end) {}

  private static int materialBytes(int keyBytes) {
    return (int) LuksHeader.materialSectors(keyBytes) * LuksHeader.SECTOR;
  }

  /** What may be the volume's key: it is if the passphrase is the slot's. */
  byte[] candidate(HeaderArea area, byte[] password) throws BlockException {
    byte[] slotKey = derivation.derive(password, areaKeyBytes);
    return new KeyMaterial(areaOffset, materialBytes(keyBytes), algorithms)
        .candidate(area, slotKey, keyBytes);
  }

  /** What is told of it. */
  JsonObject describe() {
    var slot = new JsonObject().put("active", true).put("id", id);
    derivation.describe(slot);
    slot.put("priority", priority);
    slot.put("key-offset", areaOffset);
    return slot.put("stripes", KeySlot.STRIPES);
  }
}
