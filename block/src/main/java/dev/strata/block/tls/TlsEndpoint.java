// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

/** Which end of a connection credentials are for. */
public enum TlsEndpoint {
  CLIENT("client"),
  SERVER("server");

  private final String word;

  TlsEndpoint(String word) {
    this.word = word;
  }

  /** As options and names of files have it. */
  public String word() {
    return word;
  }
}
