// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.posix.RawTerminal;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Standard input and output, which are the process's and stay open. A terminal gives every key as
 * it is pressed, and shows none, until this is closed.
 */
final class StandardDevice implements CharacterDevice {
  private final @Nullable RawTerminal terminal;

  /**
   * The streams.
   *
   * @param signals whether keys as Ctrl-C are signals to this program
   */
  StandardDevice(boolean signals) {
    terminal = RawTerminal.open(signals);
  }

  @Override
  public String kind() {
    return "stdio";
  }

  @Override
  public String filename() {
    return "stdio";
  }

  @Override
  public boolean hasClient() {
    return true;
  }

  @Override
  public void attach(Service service) {
    Thread.ofPlatform()
        .daemon()
        .name("chardev")
        .start(() ->
            service.serve(
                new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.out)));
  }

  @Override
  public void close() {
    if (terminal != null) {
      terminal.close();
    }
  }
}
