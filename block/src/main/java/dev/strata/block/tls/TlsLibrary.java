// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.LateService;
import java.util.Optional;

/** Finds the provider, at first use. */
final class TlsLibrary {
  /** The folder with the archives of the provider. */
  private static final String FOLDER = "strata.tls";

  private TlsLibrary() {}

  /** Made by the JVM at first use, once. */
  private static final class Found {
    static final Optional<TlsProvider> PROVIDER = LateService.find(TlsProvider.class, FOLDER);
  }

  static TlsProvider provider() throws BlockException {
    return Found.PROVIDER.orElseThrow(() ->
        new BlockException(
            Errno.EOPNOTSUPP, "TLS needs the module dev.strata.tls, which is not there"));
  }
}
