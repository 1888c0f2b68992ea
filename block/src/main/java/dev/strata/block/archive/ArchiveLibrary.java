// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.LateService;
import java.util.Optional;

/** Finds the provider, at first use. */
public final class ArchiveLibrary {
  /** The folder with the archives of the provider. */
  private static final String FOLDER = "strata.archive";

  private ArchiveLibrary() {}

  /** Made by the JVM at first use, once. */
  private static final class Found {
    static final Optional<ArchiveProvider> PROVIDER =
        LateService.find(ArchiveProvider.class, FOLDER);
  }

  /**
   * The provider.
   *
   * @throws BlockException EOPNOTSUPP if its module is not there
   */
  public static ArchiveProvider provider() throws BlockException {
    return Found.PROVIDER.orElseThrow(() ->
        new BlockException(
            Errno.EOPNOTSUPP, "Archives need the module dev.strata.archive, which is not there"));
  }
}
