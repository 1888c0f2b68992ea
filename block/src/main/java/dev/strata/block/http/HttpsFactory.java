// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

/** The driver {@code https}: as {@code http}, over TLS. */
public final class HttpsFactory extends HttpFactory {
  /** For the service loader. */
  public HttpsFactory() {
    super("https");
  }
}
