// SPDX-License-Identifier: Apache-2.0
/** The protocol TLS, by Bouncy Castle, with the ciphers of the JDK where it has them. */
module dev.strata.tls {
  requires dev.strata.block;
  requires static org.jspecify;
  requires org.bouncycastle.provider;
  requires org.bouncycastle.tls;

  provides dev.strata.block.tls.TlsProvider with
      dev.strata.tls.BouncyCastleTls;
}
