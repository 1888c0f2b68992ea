// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Standard input as a terminal that gives every key as it is pressed and shows none: what a guest's
 * console wants. Closing puts it back.
 *
 * @see "ioctl_tty(2), termios(3)"
 */
public final class RawTerminal implements AutoCloseable {
  private static final int INPUT = 0;
  private static final long GET = 0x5401; // TCGETS
  private static final long SET_WHEN_DRAINED = 0x5403; // TCSETSW
  private static final int SIZE = 60; // of struct termios, at most

  // Places and bits of the kernel's struct termios, which x86-64 and aarch64 share.
  private static final int INPUT_FLAGS = 0;
  private static final int LOCAL_FLAGS = 12;
  private static final int CHARACTERS = 17;
  private static final int TIME = 5;
  private static final int MINIMUM = 6;
  private static final int BREAKS_PARITY_AND_NEWLINES = 0x5eb; // IGNBRK to IXON, without IUCLC
  private static final int CANONICAL_ECHO = 0x804a; // ICANON ECHO ECHONL IEXTEN
  private static final int SIGNALS = 1; // ISIG

  private final byte[] before;

  private RawTerminal(byte[] before) {
    this.before = before;
  }

  /**
   * Changes the terminal.
   *
   * @param signals whether keys still make signals, as Ctrl-C does
   * @return null if standard input is none
   */
  public static @Nullable RawTerminal open(boolean signals) {
    if (!StandardStreams.isTerminal(INPUT)) {
      return null;
    }
    Scratch scratch = Scratch.ofThread();
    ByteBuffer attributes = scratch.structure;
    SystemCall.call(scratch, SystemCall.IOCTL, INPUT, GET, scratch.address, 0, 0, 0);
    var before = new byte[SIZE];
    attributes.get(0, before);
    var terminal = new RawTerminal(before);
    clear(attributes, INPUT_FLAGS, BREAKS_PARITY_AND_NEWLINES);
    clear(attributes, LOCAL_FLAGS, signals ? CANONICAL_ECHO : CANONICAL_ECHO | SIGNALS);
    attributes.put(CHARACTERS + TIME, (byte) 0);
    attributes.put(CHARACTERS + MINIMUM, (byte) 1);
    set(scratch);
    return terminal;
  }

  private static void clear(ByteBuffer attributes, int offset, int bits) {
    attributes.putInt(offset, attributes.getInt(offset) & ~bits);
  }

  private static void set(Scratch scratch) {
    SystemCall.call(scratch, SystemCall.IOCTL, INPUT, SET_WHEN_DRAINED, scratch.address, 0, 0, 0);
  }

  @Override
  public void close() {
    Scratch scratch = Scratch.ofThread();
    scratch.structure.put(0, before);
    set(scratch);
  }
}
