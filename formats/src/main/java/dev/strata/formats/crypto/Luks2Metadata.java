// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What a LUKS2 header's text says, as far as it is about the disk.
 *
 * @param keyslots that hold the disk's key, those to try first being first; at least one
 * @param digest by which that key is known
 * @see "LUKS2 On-Disk Format Specification 1.1.1, 3"
 */
record Luks2Metadata(List<Luks2Keyslot> keyslots, Luks2Segment segment, Luks2Digest digest) {
  private static final int MAX_KEYSLOTS = 32;
  private static final long MAX_AREAS = 128 << 20;

  private static BlockException unsupported(String message) {
    return new BlockException(Errno.EOPNOTSUPP, message);
  }

  static Luks2Metadata decode(Luks2Header header) throws BlockException {
    Luks2Object all;
    try {
      all = new Luks2Object("", JsonReader.parseObject(header.json()));
    } catch (BlockException e) {
      throw new BlockException(
          Errno.EINVAL, "LUKS2 header: " + LuksHeader.printable(e.getMessage()));
    }
    Luks2Object config = all.object("config");
    long text = header.bytes() - Luks2Header.BINARY_BYTES;
    config.decimal("json_size", text, text);
    requireNothingUnknown(config);
    long start = 2 * header.bytes();
    var areas =
        new Luks2Keyslot.Range(start, start + config.decimal("keyslots_size", 0, MAX_AREAS));
    Luks2Segment segment = segment(all.object("segments"), areas.end());
    Luks2Digest digest = digest(all.object("digests"), segment.id());
    List<Luks2Keyslot> keyslots = keyslots(all.object("keyslots"), digest, areas);
    return new Luks2Metadata(keyslots, segment, digest);
  }

  /** What a reader has to know of so as not to get the disk wrong. */
  private static void requireNothingUnknown(Luks2Object config) throws BlockException {
    if (!config.has("requirements")) {
      return;
    }
    Luks2Object requirements = config.object("requirements");
    if (!requirements.has("mandatory")) {
      return;
    }
    for (String name : requirements.strings("mandatory")) {
      if (name.contains("reencrypt")) {
        throw unsupported("LUKS2 reencryption is under way: let cryptsetup finish it");
      }
      throw unsupported("LUKS2 requirement '" + LuksHeader.printable(name) + "' is not supported");
    }
  }

  private static Luks2Segment segment(Luks2Object segments, long behind) throws BlockException {
    int count = segments.members().size();
    if (count != 1) {
      throw unsupported("LUKS2 disks of " + count + " segments are not supported");
    }
    String id = segments.members().keys().iterator().next();
    return Luks2Segment.decode(LuksHeader.printable(id), segments.object(id), behind);
  }

  private static Luks2Digest digest(Luks2Object digests, String segment) throws BlockException {
    for (String id : digests.members().keys()) {
      Luks2Digest digest = Luks2Digest.decode(digests.object(id));
      if (digest.segments().contains(segment)) {
        return digest;
      }
    }
    throw new BlockException(Errno.EINVAL, "LUKS2 header: the disk's key has no digest");
  }

  private static List<Luks2Keyslot> keyslots(
      Luks2Object keyslots, Luks2Digest digest, Luks2Keyslot.Range areas) throws BlockException {
    var all = new ArrayList<Luks2Keyslot>();
    for (String id : keyslots.members().keys()) {
      Luks2Object slot = keyslots.object(id);
      // Keys of other things are kept here too, and other kinds of slots.
      if (digest.keyslots().contains(id) && slot.string("type").equals("luks2")) {
        all.add(Luks2Keyslot.decode(number(keyslots, id), slot, areas));
      }
    }
    if (all.isEmpty()) {
      throw new BlockException(Errno.EINVAL, "LUKS2 header: no key slot holds the disk's key");
    }
    for (Luks2Keyslot slot : all) {
      if (slot.keyBytes() != all.getFirst().keyBytes()) {
        throw new BlockException(
            Errno.EINVAL, "LUKS2 header: keyslots have keys of different sizes for one disk");
      }
    }
    all.sort(
        Comparator.comparingInt(Luks2Keyslot::priority)
            .reversed()
            .thenComparingInt(Luks2Keyslot::id));
    return List.copyOf(all);
  }

  private static int number(Luks2Object keyslots, String id) throws BlockException {
    for (int i = 0; i < MAX_KEYSLOTS; i++) {
      if (id.equals(Integer.toString(i))) {
        return i;
      }
    }
    throw keyslots.wrong(id, "is no slot's number, from 0 to " + (MAX_KEYSLOTS - 1));
  }
}
