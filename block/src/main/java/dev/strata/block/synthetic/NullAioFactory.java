// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.synthetic;

/** The driver {@code null-aio}: as {@code null-co}, whose requests are asynchronous in QEMU. */
public final class NullAioFactory extends NullFactory {
  /** For the service loader. */
  public NullAioFactory() {
    super("null-aio");
  }
}
