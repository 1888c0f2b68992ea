// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;

/** Standard input and output, which are the process's and stay open. */
final class StandardDevice implements CharacterDevice {
  @Override
  public String kind() {
    return "stdio";
  }

  @Override
  public String filename() {
    return "stdio";
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
  public void close() {}
}
