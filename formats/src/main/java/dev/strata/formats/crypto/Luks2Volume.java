// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import java.util.Arrays;

/** A LUKS2 header where it lies, to be read only. */
public final class Luks2Volume {
  /**
   * How much work may be asked for, as {@link KeyDerivation#work} has it: some minutes' at most. By
   * far more than what any passphrase is worth, by far less than a header could say.
   */
  private static final double MAX_WORK = 1 << 26;

  private final HeaderArea area;
  private final Luks2Header header;
  private final Luks2Metadata metadata;
  private final LuksAlgorithms algorithms;

  private Luks2Volume(HeaderArea area, Luks2Header header, Luks2Metadata metadata)
      throws BlockException {
    this.area = area;
    this.header = header;
    this.metadata = metadata;
    this.algorithms =
        metadata
            .segment()
            .cipher()
            .algorithms(metadata.keyslots().getFirst().keyBytes(), metadata.digest().hash().word());
  }

  /**
   * Whether an image is one of LUKS2, be it that only the second copy of its header is left.
   *
   * @param areaBytes the image's size
   */
  public static boolean isIn(HeaderArea area, long areaBytes) throws BlockException {
    return Luks2Header.isIn(area, areaBytes);
  }

  /**
   * Reads the header.
   *
   * @param areaBytes the image's size
   * @throws BlockException if it is none, or damaged, or of something not supported
   */
  public static Luks2Volume open(HeaderArea area, long areaBytes) throws BlockException {
    Luks2Header header = Luks2Header.read(area, areaBytes);
    return new Luks2Volume(area, header, Luks2Metadata.decode(header));
  }

  /** Where the encrypted disk begins, in bytes. */
  public long payloadOffset() {
    return metadata.segment().offset();
  }

  /** What is encrypted at a time, in bytes. */
  public int sectorBytes() {
    return metadata.segment().sectorBytes();
  }

  /** The number that the disk's first 512 bytes are encrypted with. */
  public long firstSector() {
    return metadata.segment().firstSector();
  }

  /**
   * The disk's size in bytes.
   *
   * @throws BlockException if an image of that size does not hold the disk
   */
  public long length(long imageBytes) throws BlockException {
    Luks2Segment segment = metadata.segment();
    long left = imageBytes - segment.offset();
    long size = segment.size() == Luks2Segment.DYNAMIC ? left : segment.size();
    if (left < 0 || size > left) {
      throw new BlockException(
          Errno.EINVAL,
          "Image of "
              + imageBytes
              + " bytes ends before the LUKS2 disk in it, which begins at "
              + segment.offset());
    }
    if (size % segment.sectorBytes() != 0) {
      throw new BlockException(
          Errno.EINVAL,
          "LUKS2 disk of " + size + " bytes is not made of sectors of " + segment.sectorBytes());
    }
    return size;
  }

  /**
   * The sectors of the disk, by a passphrase.
   *
   * @throws BlockException EPERM if no slot is of that passphrase
   */
  public EncryptedSectors unlock(byte[] password) throws BlockException {
    double work = 0;
    for (Luks2Keyslot slot : metadata.keyslots()) {
      if (slot.priority() == Luks2Keyslot.IGNORED) {
        continue;
      }
      work += slot.derivation().work(slot.areaKeyBytes()) + metadata.digest().work();
      if (work > MAX_WORK) {
        throw new BlockException(
            Errno.EINVAL,
            String.format(
                "LUKS2 keyslot %d takes too long to try: %.0f iterations, or KiB of memory to"
                    + " fill, by then; the limit is %.0f",
                slot.id(), work, MAX_WORK));
      }
      byte[] key;
      try {
        key = slot.candidate(area, password);
      } catch (BlockException e) {
        throw e.during("LUKS2 keyslot " + slot.id());
      }
      try {
        if (metadata.digest().matches(key)) {
          return new EncryptedSectors(algorithms.suite(), key, sectorBytes());
        }
      } finally {
        Arrays.fill(key, (byte) 0);
      }
    }
    throw new BlockException(Errno.EPERM, "Invalid password, cannot unlock any keyslot");
  }

  /** What is told of the header: as of a LUKS1 header, and what that has not. */
  public JsonObject describe() {
    CipherSuite suite = algorithms.suite();
    var slots = new JsonArray();
    for (Luks2Keyslot slot : metadata.keyslots()) {
      slots.add(slot.describe());
    }
    var all = new JsonObject();
    all.put("version", Luks2Header.VERSION);
    all.put("ivgen-alg", suite.iv().word());
    all.put("hash-alg", algorithms.hash().word());
    all.put("cipher-alg", suite.cipher().word());
    all.put("uuid", header.uuid());
    HashAlgorithm ivHash = suite.ivHash();
    if (ivHash != null) {
      all.put("ivgen-hash-alg", ivHash.word());
    }
    if (!header.label().isEmpty()) {
      all.put("label", header.label());
    }
    all.put("cipher-mode", suite.mode().word());
    all.put("sector-size", sectorBytes());
    all.put("slots", slots);
    all.put("payload-offset", payloadOffset());
    return all.put("master-key-iters", metadata.digest().iterations());
  }
}
