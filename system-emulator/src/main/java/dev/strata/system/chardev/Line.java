// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.chardev;

/** The outer end of a serial line, where somebody may be. Thread-safe. */
public interface Line {
  /** Who takes bytes that come from outside. */
  @FunctionalInterface
  interface Receiver {
    /**
     * Takes some of the bytes.
     *
     * @return how many, perhaps none; the rest is offered again after {@link #ready}
     */
    int receive(byte[] bytes, int from, int length);

    /** Somebody has come; called before what they send arrives. */
    default void opened() {}

    /** Who was there has gone; what they sent has been offered. */
    default void closed() {}
  }

  /** Says who takes the bytes that arrive; they begin to be read now. Called once at most. */
  void connect(Receiver receiver);

  /** The receiver has room again. */
  void ready();

  /** Sends a byte, if somebody is there; errors of the outside are the outside's. */
  void write(byte value);

  /** Sends bytes, as {@link #write(byte)} does. */
  default void write(byte[] bytes, int from, int length) {
    for (int index = from; index < from + length; index++) {
      write(bytes[index]);
    }
  }

  /** Takes everything, gives nothing. */
  static Line nowhere() {
    return new Line() {
      @Override
      public void connect(Receiver receiver) {}

      @Override
      public void ready() {}

      @Override
      public void write(byte value) {}
    };
  }
}
