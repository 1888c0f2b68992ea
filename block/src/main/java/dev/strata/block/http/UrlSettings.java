// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import org.jspecify.annotations.Nullable;

/**
 * Where a file is, and how it is asked for.
 *
 * @param url as the user gave it
 * @param plain whether the URL alone opens the same
 * @param readAhead in bytes: at least so many are asked for at a time; a multiple of 512
 * @param timeoutSeconds how long the server may say nothing; 0 for ever
 * @param verify whether the server's certificate has to be a good one
 * @param cookie to send, or null
 * @param login to the server, or null
 * @param proxyLogin to the proxy, or null
 */
record UrlSettings(
    String url,
    boolean plain,
    long readAhead,
    int timeoutSeconds,
    boolean verify,
    @Nullable String cookie,
    @Nullable Login login,
    @Nullable Login proxyLogin) {

  /** A name and a password, perhaps empty. */
  record Login(String name, String password) {
    /** The password is not for logs. */
    @Override
    public String toString() {
      return name;
    }
  }
}
