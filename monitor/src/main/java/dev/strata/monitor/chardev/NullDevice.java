// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

/** Nobody ever comes by it. */
final class NullDevice implements CharacterDevice {
  @Override
  public String kind() {
    return "null";
  }

  @Override
  public String filename() {
    return "null";
  }

  @Override
  public boolean hasClient() {
    return false;
  }

  @Override
  public void attach(Service service) {}

  @Override
  public void close() {}
}
