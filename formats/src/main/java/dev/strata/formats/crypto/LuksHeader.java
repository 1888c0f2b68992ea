// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A LUKS1 header. All numbers are big-endian; the unit of places is a sector of 512 bytes.
 *
 * @param cipherName without the key's size
 * @param cipherMode mode and initialization vectors: {@code xts-plain64}, {@code cbc-essiv:sha256}
 * @param hashSpec of PBKDF2 and the stripes
 * @param payloadSector where the encrypted disk begins
 * @param keyBytes of the master key
 * @param digest of the master key, 20 bytes
 * @param salt of that digest, 32 bytes
 * @param iterations of that digest
 * @param slots eight
 * @see "LUKS On-Disk Format Specification 1.2.3, figure 1"
 */
record LuksHeader(
    String cipherName,
    String cipherMode,
    String hashSpec,
    long payloadSector,
    long keyBytes,
    byte[] digest,
    byte[] salt,
    long iterations,
    String uuid,
    List<KeySlot> slots) {

  static final int BYTES = 592;
  static final int SLOTS = 8;
  static final int DIGEST_BYTES = 20;
  static final int SALT_BYTES = KeySlot.SALT_BYTES;
  static final int SECTOR = 512;

  private static final byte[] MAGIC = {'L', 'U', 'K', 'S', (byte) 0xba, (byte) 0xbe};
  private static final int NAME_BYTES = 32;
  private static final int UUID_BYTES = 40;

  /** What nothing else may lie in, as the reference has it. */
  private static final long HEADER_SECTORS = 8;

  /** Whether these first bytes of a file are a LUKS header's, of whatever version. */
  static boolean isAt(byte[] head) {
    return head.length >= MAGIC.length + 2
        && Arrays.equals(head, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
  }

  /** The version that a header tells; {@link #isAt} holds. */
  static int versionAt(byte[] head) {
    return (head[MAGIC.length] & 0xff) << 8 | (head[MAGIC.length + 1] & 0xff);
  }

  private static BlockException wrong(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  /** Reads a header and checks all places in it; the algorithms' names are left to their user. */
  static LuksHeader decode(byte[] bytes) throws BlockException {
    if (!isAt(bytes)) {
      throw wrong("Volume is not in LUKS format");
    }
    var in = StructReader.bigEndian(bytes);
    in.skip("magic", MAGIC.length); //                                          0
    int version = in.u16("version"); //                                         6
    if (version != 1) {
      throw new BlockException(Errno.EOPNOTSUPP, "LUKS version " + version + " is not supported");
    }
    String cipherName = name(in, "cipher name"); //                             8
    String cipherMode = name(in, "cipher mode"); //                            40
    String hashSpec = name(in, "hash spec"); //                                72
    long payloadSector = in.u32("payload-offset"); //                         104
    long keyBytes = in.u32("key-bytes"); //                                   108
    byte[] digest = in.bytes("mk-digest", DIGEST_BYTES); //                   112
    byte[] salt = in.bytes("mk-digest-salt", SALT_BYTES); //                  132
    long iterations = in.u32("mk-digest-iter"); //                            164
    byte[] uuid = in.bytes("uuid", UUID_BYTES); //                            168
    var slots = new ArrayList<KeySlot>(SLOTS);
    for (int i = 0; i < SLOTS; i++) {
      slots.add(KeySlot.decode(in)); //                                       208
    }
    var header =
        new LuksHeader(
            cipherName,
            cipherMode,
            hashSpec,
            payloadSector,
            keyBytes,
            digest,
            salt,
            iterations,
            text(uuid),
            List.copyOf(slots));
    header.check();
    return header;
  }

  private static String name(StructReader in, String field) throws BlockException {
    byte[] bytes = in.bytes(field, NAME_BYTES);
    if (bytes[NAME_BYTES - 1] != 0) {
      throw wrong("LUKS header " + field + " is not NUL terminated");
    }
    return printable(text(bytes));
  }

  /** The same text on one line, whoever wrote it. */
  static String printable(String text) {
    var clean = new StringBuilder(text);
    for (int i = 0; i < clean.length(); i++) {
      if (Character.isISOControl(clean.charAt(i))) {
        clean.setCharAt(i, '?');
      }
    }
    return clean.toString();
  }

  private static String text(byte[] bytes) {
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
  }

  private void check() throws BlockException {
    if (payloadSector < HEADER_SECTORS) {
      throw wrong("LUKS payload is overlapping with the header");
    }
    if (iterations == 0) {
      throw wrong("LUKS key iteration count is zero");
    }
    for (int i = 0; i < SLOTS; i++) {
      checkSlot(i);
    }
  }

  private void checkSlot(int index) throws BlockException {
    KeySlot slot = slots.get(index);
    String name = "Keyslot " + index;
    if (slot.stripes() != KeySlot.STRIPES) {
      throw wrong(
          name + " is corrupted (stripes " + (int) slot.stripes() + " != " + KeySlot.STRIPES + ")");
    }
    if (!slot.isActive() && slot.state() != KeySlot.INACTIVE) {
      throw wrong(name + " state (active/disable) is corrupted");
    }
    if (slot.isActive() && slot.iterations() == 0) {
      throw wrong(name + " iteration count is zero");
    }
    if (slot.materialSector() < HEADER_SECTORS) {
      throw wrong(name + " is overlapping with the LUKS header");
    }
    long start = slot.materialSector();
    long end = start + materialSectors();
    if (end > payloadSector) {
      throw wrong(name + " is overlapping with the encrypted payload");
    }
    for (int other = index + 1; other < SLOTS; other++) {
      long otherStart = slots.get(other).materialSector();
      if (otherStart < end && start < otherStart + materialSectors()) {
        throw wrong("Keyslots " + index + " and " + other + " are overlapping in the header");
      }
    }
  }

  /** How many sectors a slot's stripes take. */
  long materialSectors() {
    return materialSectors(keyBytes);
  }

  /** How many sectors the stripes of a key of that size take; below 2^40. */
  static long materialSectors(long keyBytes) {
    return (keyBytes * KeySlot.STRIPES + SECTOR - 1) / SECTOR;
  }

  /** Where the slots of a new header lie: whole pages for each. */
  static List<KeySlot> emptySlots(int keyBytes) {
    var slots = new ArrayList<KeySlot>(SLOTS);
    long at = HEADER_SECTORS;
    for (int i = 0; i < SLOTS; i++) {
      slots.add(new KeySlot(KeySlot.INACTIVE, 0, new byte[SALT_BYTES], at, KeySlot.STRIPES));
      at += slotSectors(keyBytes);
    }
    return slots;
  }

  private static long slotSectors(int keyBytes) {
    return (materialSectors(keyBytes) + HEADER_SECTORS - 1) / HEADER_SECTORS * HEADER_SECTORS;
  }

  /** The size of a new header with its slots, in bytes. */
  static long bytesFor(int keyBytes) {
    return (HEADER_SECTORS + SLOTS * slotSectors(keyBytes)) * SECTOR;
  }

  /** The header's {@link #BYTES} bytes. */
  byte[] encode() {
    var bytes = new byte[BYTES];
    var out = StructWriter.bigEndian(bytes);
    out.bytes(MAGIC);
    out.u16(1);
    out.paddedString(cipherName, NAME_BYTES);
    out.paddedString(cipherMode, NAME_BYTES);
    out.paddedString(hashSpec, NAME_BYTES);
    out.u32(payloadSector);
    out.u32(keyBytes);
    out.bytes(digest);
    out.bytes(salt);
    out.u32(iterations);
    out.bytes(Arrays.copyOf(uuid.getBytes(StandardCharsets.ISO_8859_1), UUID_BYTES));
    for (KeySlot slot : slots) {
      slot.encode(out);
    }
    return bytes;
  }

  /** The same header with another slot in that place. */
  LuksHeader withSlot(int index, KeySlot slot) {
    var changed = new ArrayList<>(slots);
    changed.set(index, slot);
    return new LuksHeader(
        cipherName,
        cipherMode,
        hashSpec,
        payloadSector,
        keyBytes,
        digest,
        salt,
        iterations,
        uuid,
        List.copyOf(changed));
  }
}
