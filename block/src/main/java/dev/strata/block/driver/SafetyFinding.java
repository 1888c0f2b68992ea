// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

/**
 * Something that tells for or against opening an image that a stranger made.
 *
 * @param topic what it is about, one of a few words that programs can rely on: {@code backing-file}
 * @param text what was found, on one line; may hold text from the image
 * @param advice what to do about it, on one line
 */
public record SafetyFinding(Severity severity, String topic, String text, String advice) {
  /** How much it matters, from little on. */
  public enum Severity {
    /** Good to know. */
    NOTE("note"),
    /** Somebody should look at it. */
    SUSPICIOUS("suspicious"),
    /** The image can make whoever opens it do what he does not mean to. */
    DANGEROUS("dangerous");

    private final String word;

    Severity(String word) {
      this.word = word;
    }

    /** As reports have it. */
    public String word() {
      return word;
    }
  }

  /** The topic of other files that are used as a layer below. */
  public static final String BACKING_FILE = "backing-file";

  /** The topic of other files that hold the data. */
  public static final String DATA_FILE = "data-file";

  /** The topic of what no check can see into. */
  public static final String ENCRYPTION = "encryption";

  /** The topic of damage. */
  public static final String CORRUPTION = "corruption";

  /** The topic of what nobody here knows the meaning of. */
  public static final String FEATURES = "features";

  /** The topic of numbers that do not fit each other. */
  public static final String SIZES = "sizes";

  /** The topic of what other programs would take the same bytes for. */
  public static final String SECOND_OPINION = "second-opinion";

  /** The topic of what the image's file is on the host. */
  public static final String FILE = "file";
}
