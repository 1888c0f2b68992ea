// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.BlockException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a guest or its host does to a disk; what acts on a range has three alignments. */
enum Operation {
  WRITE_CLUSTER,
  WRITE_PART,
  WRITE_ACROSS,
  ZERO_CLUSTER,
  ZERO_PART,
  ZERO_ACROSS,
  DISCARD_CLUSTER,
  DISCARD_PART,
  DISCARD_ACROSS,
  FLUSH,
  SNAPSHOT_CREATE,
  SNAPSHOT_APPLY,
  SNAPSHOT_DELETE,
  GROW,
  SHRINK,
  COMMIT,
  REBASE,
  BITMAP_ADD,
  BITMAP_REMOVE,
  AMEND;

  /** As it is written in a sequence. */
  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The operations of a sequence as {@link #words} writes it. */
  static List<Operation> parse(String words) {
    var sequence = new ArrayList<Operation>();
    for (String word : words.split(",", -1)) {
      sequence.add(valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_')));
    }
    return sequence;
  }

  static String words(List<Operation> sequence) {
    var words = new ArrayList<String>();
    for (Operation operation : sequence) {
      words.add(operation.word());
    }
    return String.join(",", words);
  }

  /** Has the guest carry it out. */
  void on(Guest guest) throws BlockException {
    switch (this) {
      case WRITE_CLUSTER -> guest.write(guest.cluster());
      case WRITE_PART -> guest.write(guest.part());
      case WRITE_ACROSS -> guest.write(guest.across());
      case ZERO_CLUSTER -> guest.zero(guest.cluster());
      case ZERO_PART -> guest.zero(guest.part());
      case ZERO_ACROSS -> guest.zero(guest.across());
      case DISCARD_CLUSTER -> guest.discard(guest.cluster());
      case DISCARD_PART -> guest.discard(guest.part());
      case DISCARD_ACROSS -> guest.discard(guest.across());
      case FLUSH -> guest.flush();
      case SNAPSHOT_CREATE -> guest.createSnapshot();
      case SNAPSHOT_APPLY -> guest.applySnapshot();
      case SNAPSHOT_DELETE -> guest.deleteSnapshot();
      case GROW -> guest.resize(3);
      case SHRINK -> guest.resize(-3);
      case COMMIT -> guest.commit();
      case REBASE -> guest.rebase();
      case BITMAP_ADD -> guest.addBitmap();
      case BITMAP_REMOVE -> guest.removeBitmap();
      case AMEND -> guest.amend();
    }
  }
}
