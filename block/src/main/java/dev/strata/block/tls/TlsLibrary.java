// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.lang.module.Configuration;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.lang.module.ResolutionException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Finds the provider, at first use: among the modules of the program, or in a folder of their own
 * that the launchers name by {@code strata.tls}. There it costs nothing at the start of a program:
 * the library behind it has thousands of classes, whose list the JVM would read.
 */
final class TlsLibrary {
  /** The folder with the modules of the provider. */
  private static final String FOLDER = "strata.tls";

  private static final String MODULE = "dev.strata.tls";

  private TlsLibrary() {}

  /** The holder that the JVM makes at first use, once. */
  private static final class Found {
    static final Optional<TlsProvider> PROVIDER = find();
  }

  static TlsProvider provider() throws BlockException {
    return Found.PROVIDER.orElseThrow(
        () ->
            new BlockException(
                Errno.EOPNOTSUPP, "TLS needs the module " + MODULE + ", which is not there"));
  }

  private static Optional<TlsProvider> find() {
    String folder = System.getProperty(FOLDER);
    if (folder == null) {
      return ServiceLoader.load(TlsProvider.class, TlsLibrary.class.getClassLoader()).findFirst();
    }
    try {
      ModuleLayer parent = TlsLibrary.class.getModule().getLayer();
      Configuration modules =
          parent
              .configuration()
              .resolve(ModuleFinder.of(Path.of(folder)), ModuleFinder.of(), List.of(MODULE));
      ModuleLayer layer =
          parent.defineModulesWithOneLoader(modules, TlsLibrary.class.getClassLoader());
      return ServiceLoader.load(layer, TlsProvider.class).findFirst();
    } catch (FindException | ResolutionException e) {
      return Optional.empty();
    }
  }
}
