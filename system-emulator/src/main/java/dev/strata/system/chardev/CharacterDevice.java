// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.chardev;

/** The outer end of a serial line. Thread-safe. */
public interface CharacterDevice extends AutoCloseable {
  /** Who takes bytes that come from outside. */
  @FunctionalInterface
  interface Receiver {
    /**
     * Takes some of the bytes.
     *
     * @return how many, perhaps none; the rest is offered again after {@link #ready}
     */
    int receive(byte[] bytes, int from, int length);
  }

  /** Says who takes the bytes that arrive; they begin to be read now. */
  void connect(Receiver receiver);

  /** The receiver has room again. */
  void ready();

  /** Sends a byte; errors of the outside are the outside's. */
  void write(byte value);

  @Override
  void close();

  /** Takes everything, gives nothing. */
  static CharacterDevice nowhere() {
    return new CharacterDevice() {
      @Override
      public void connect(Receiver receiver) {}

      @Override
      public void ready() {}

      @Override
      public void write(byte value) {}

      @Override
      public void close() {}
    };
  }
}
