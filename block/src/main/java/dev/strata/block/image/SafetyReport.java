// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.image;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.SafetyFinding;
import dev.strata.block.driver.SafetyFinding.Severity;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import java.util.List;

/**
 * What is to be thought of an image that a stranger made.
 *
 * @param format by its name, as opening would take it
 * @param virtualSize what a guest sees, in bytes; -1 if it cannot be told
 * @param fileSize in bytes; -1 if it cannot be told
 * @param findings the worst first
 */
public record SafetyReport(
    String filename, String format, long virtualSize, long fileSize, List<SafetyFinding> findings) {
  /** The outcome in one word. */
  public enum Verdict {
    /** Nothing tells against opening it. */
    SAFE("safe"),
    /** Somebody should look at the findings first. */
    SUSPICIOUS("suspicious"),
    /** It is not to be opened as it is. */
    DANGEROUS("dangerous");

    private final String word;

    Verdict(String word) {
      this.word = word;
    }

    /** As reports have it. */
    public String word() {
      return word;
    }
  }

  /** As bad as the worst finding. */
  public Verdict verdict() {
    return switch (worst()) {
      case NOTE -> Verdict.SAFE;
      case SUSPICIOUS -> Verdict.SUSPICIOUS;
      case DANGEROUS -> Verdict.DANGEROUS;
    };
  }

  private Severity worst() {
    return findings.isEmpty() ? Severity.NOTE : findings.getFirst().severity();
  }

  /**
   * Throws if the verdict is that it is dangerous.
   *
   * @throws BlockException EPERM, with the worst finding
   */
  public void requireHarmless() throws BlockException {
    if (verdict() == Verdict.DANGEROUS) {
      throw new BlockException(
          Errno.EPERM, "Image '" + filename + "' is dangerous: it " + findings.getFirst().text());
    }
  }

  /** For programs. */
  public JsonObject toJson() {
    var json = new JsonObject();
    json.put("filename", filename);
    json.put("format", format);
    json.put("verdict", verdict().word());
    if (virtualSize >= 0) {
      json.put("virtual-size", virtualSize);
    }
    if (fileSize >= 0) {
      json.put("file-size", fileSize);
    }
    var list = new JsonArray();
    for (SafetyFinding finding : findings) {
      list.add(
          new JsonObject()
              .put("severity", finding.severity().word())
              .put("topic", finding.topic())
              .put("finding", finding.text())
              .put("advice", finding.advice()));
    }
    json.put("findings", list);
    return json;
  }
}
