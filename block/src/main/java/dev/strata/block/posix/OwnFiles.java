// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The files that this program consists of. The JVM keeps them open, and would leave most of them
 * open for a program that it starts: nothing but their names tells them from files that whoever
 * started this process has opened for it.
 */
final class OwnFiles {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  private OwnFiles() {}

  /** Whether a descriptor leads to one of them. */
  static boolean has(int descriptor) {
    try {
      Path file = DESCRIPTORS.resolve(Integer.toString(descriptor)).toRealPath();
      return file.startsWith(Path.of(System.getProperty("java.home")).toRealPath())
          || Stream.concat(modules(), classes()).anyMatch(own -> isSame(own, file));
    } catch (IOException e) {
      return false; // a pipe or a socket, or a file without a name
    }
  }

  private static Stream<Path> modules() {
    return ModuleLayer.boot().configuration().modules().stream()
        .map(module -> module.reference().location())
        .flatMap(Optional::stream)
        .filter(location -> "file".equals(location.getScheme()))
        .map(Path::of);
  }

  private static Stream<Path> classes() {
    String all = System.getProperty("java.class.path", "");
    return Stream.of(all.split(File.pathSeparator)).filter(name -> !name.isEmpty()).map(Path::of);
  }

  private static boolean isSame(Path own, Path file) {
    try {
      return Files.isSameFile(own, file);
    } catch (IOException e) {
      return false; // The class path may name what is not there.
    }
  }
}
