// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

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
 * Finds a service that few commands need, at first use: among the modules of the program, or in a
 * folder of its own that the launchers name. There it costs nothing at the start of a program: the
 * libraries behind such services have thousands of classes, whose list the JVM would read, and name
 * modules of the JDK that programs do not have.
 */
public final class LateService {
  private LateService() {}

  /**
   * The first provider of a service that this module uses.
   *
   * @param folderProperty the system property that names the folder with the provider's archives;
   *     unset if it is among the modules, or on the class path
   */
  public static <S> Optional<S> find(Class<S> service, String folderProperty) {
    ClassLoader own = LateService.class.getClassLoader();
    String folder = System.getProperty(folderProperty);
    if (folder == null) {
      return ServiceLoader.load(service, own).findFirst();
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
    return ServiceLoader.load(service, loader).findFirst();
  }
}
