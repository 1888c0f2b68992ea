// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

/** By what one end of a connection shows who it is, and knows the other. Thread-safe. */
public sealed interface TlsCredentials
    permits AnonymousCredentials, PskCredentials, X509Credentials {
  /** The end that they are for. */
  TlsEndpoint endpoint();

  /** Whether the other end has to show who it is. */
  boolean verifiesPeer();

  /** What may be negotiated. */
  TlsPriority priority();
}
