// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.util.List;
import java.util.function.Consumer;

/** A processor by the name that {@code -cpu} takes. */
public interface CpuModel {
  /** For example {@code qemu64}. */
  String name();

  /**
   * The model as what follows its name in {@code -cpu} changes it.
   *
   * @param properties for example {@code +aes}, {@code -sse4.1}, {@code popcnt=off}
   * @param warnings takes a line for each feature that is asked for but not had
   * @throws BlockException if there is no such property
   */
  default CpuModel with(List<String> properties, Consumer<String> warnings) throws BlockException {
    if (properties.isEmpty()) {
      return this;
    }
    throw new BlockException(
        Errno.EINVAL, "Property '" + name() + "." + properties.getFirst() + "' not found");
  }
}
