// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.drive;

/** What a request does, as accounts tell requests apart. */
public enum Access {
  READ("rd"),
  WRITE("wr"),
  FLUSH("flush"),
  UNMAP("unmap");

  private final String word;

  Access(String word) {
    this.word = word;
  }

  /** As names of counts begin, or end: {@code rd_bytes}. */
  public String word() {
    return word;
  }
}
