// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import java.util.EnumSet;
import java.util.Set;

/** A set of features, as CPUID tells it. Immutable. */
final class Features {
  /** All that there are. */
  static final Features ALL = new Features(EnumSet.allOf(Feature.class));

  private final int[] words = new int[FeatureWord.values().length];

  Features(Set<Feature> features) {
    for (Feature feature : features) {
      words[feature.word.ordinal()] |= 1 << feature.bit;
    }
  }

  private Features(Features from) {
    System.arraycopy(from.words, 0, words, 0, words.length);
  }

  boolean has(Feature feature) {
    return (word(feature.word) >>> feature.bit & 1) != 0;
  }

  /** A register of CPUID. */
  int word(FeatureWord word) {
    return words[word.ordinal()];
  }

  /** Whether a bit is one of a feature that processors here can have. */
  static boolean known(FeatureWord word, int bit) {
    return (ALL.word(word) >>> bit & 1) != 0;
  }

  /** These and others. */
  Features with(Set<Feature> others) {
    var changed = new Features(others);
    for (int i = 0; i < words.length; i++) {
      changed.words[i] |= words[i];
    }
    return changed;
  }

  /** These with a bit set or cleared. */
  Features with(FeatureWord word, int bit, boolean on) {
    var changed = new Features(this);
    if (on) {
      changed.words[word.ordinal()] |= 1 << bit;
    } else {
      changed.words[word.ordinal()] &= ~(1 << bit);
    }
    return changed;
  }
}
