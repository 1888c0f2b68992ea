// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** What the processor that tests compare with has. */
final class HostProcessor {
  private static final Set<String> FLAGS = flags();

  private HostProcessor() {}

  private static Set<String> flags() {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      String line = lines.filter(l -> l.startsWith("flags")).findFirst().orElse(":");
      return Set.of(line.substring(line.indexOf(':') + 1).trim().split(" "));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether Linux says that it has a feature. */
  static boolean has(String flag) {
    return FLAGS.contains(flag);
  }
}
