// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

import java.io.IOException;

/** Where random bytes come from. Called on one thread at a time. */
@FunctionalInterface
public interface EntropySource {
  /** Fills all of {@code bytes}. */
  void fill(byte[] bytes) throws IOException;
}
