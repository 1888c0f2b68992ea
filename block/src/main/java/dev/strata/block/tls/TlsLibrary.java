// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Finds the provider, at first use: among the modules of the program, or in a folder of its own
 * that the launchers name by {@code strata.tls}. There it costs nothing at the start of a program:
 * the library behind it has thousands of classes, whose list the JVM would read. It also names
 * modules of the JDK that it does not need here and that programs do not have.
 */
final class TlsLibrary {
  /** The folder with the archives of the provider. */
  private static final String FOLDER = "strata.tls";

  private TlsLibrary() {}

  /** Made by the JVM at first use, once. */
  private static final class Found {
    static final Optional<TlsProvider> PROVIDER = find();
  }

  static TlsProvider provider() throws BlockException {
    return Found.PROVIDER.orElseThrow(() ->
        new BlockException(
            Errno.EOPNOTSUPP, "TLS needs the module dev.strata.tls, which is not there"));
  }

  private static Optional<TlsProvider> find() {
    ClassLoader own = TlsLibrary.class.getClassLoader();
    String folder = System.getProperty(FOLDER);
    if (folder == null) {
      return ServiceLoader.load(TlsProvider.class, own).findFirst();
    }
    var archives = new ArrayList<URL>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of(folder), "*.jar")) {
      for (Path file : files) {
        archives.add(file.toUri().toURL());
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    // Never closed: classes are loaded as they are needed.
    var loader = new URLClassLoader(archives.toArray(URL[]::new), own);
    return ServiceLoader.load(TlsProvider.class, loader).findFirst();
  }
}
