// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver.tool;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.file.Files;
import java.nio.file.Path;

/** The kernel's own NBD client, behind {@code /dev/nbdN}, which this program does not lead yet. */
final class KernelDevice {
  private KernelDevice() {}

  static BlockException noConnect(String device) {
    return failure("Failed to open ", device, "-c");
  }

  static BlockException noDisconnect(String device) {
    return failure("Cannot open ", device, "-d");
  }

  private static BlockException failure(String context, String device, String option) {
    if (!Files.exists(Path.of(device))) {
      return BlockException.of(Errno.ENOENT, context + device);
    }
    return new BlockException(
        Errno.EOPNOTSUPP, option + " is not supported yet: use 'nbd-client' with " + device);
  }
}
