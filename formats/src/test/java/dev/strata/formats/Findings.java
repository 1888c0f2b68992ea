// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats;

import dev.strata.block.driver.Checkable;
import java.util.List;

/** Keeps what a check finds. */
public record Findings(List<String> lines) implements Checkable.Listener {
  @Override
  public void found(String line) {
    lines.add(line);
  }

  @Override
  public void progress(long done, long total) {}
}
