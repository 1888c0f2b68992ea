// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.state;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.strata.block.BlockException;
import java.lang.foreign.MemorySegment;

/**
 * The fields of a section on their way out or in. Each method is given a field as it is, and
 * returns it as it is to be: when writing, unchanged. A value read that is out of bounds is an
 * error.
 */
public abstract class StateFields {
  StateFields() {}

  /** Whether fields are read. */
  public abstract boolean isLoading();

  /**
   * A number in so many bytes.
   *
   * @param bytes 1, 2, 4 or 8
   */
  abstract long number(String field, int bytes, long value, long least, long most)
      throws BlockException;

  /** Bytes, as many as there are. */
  public abstract void bytes(String field, byte[] value) throws BlockException;

  /** Memory, as many bytes as there are. */
  public abstract void memory(String field, MemorySegment value) throws BlockException;

  /**
   * Bytes of any number.
   *
   * @param most so many at most
   */
  public final byte[] bytes(String field, byte[] value, int most) throws BlockException {
    int length = within(field + " length", value.length, 0, most);
    byte[] bytes = isLoading() ? new byte[length] : value;
    bytes(field, bytes);
    return bytes;
  }

  /** Yes or no. */
  public final boolean flag(String field, boolean value) throws BlockException {
    return number(field, 1, value ? 1 : 0, 0, 1) != 0;
  }

  /** 0 to 255. */
  public final int u8(String field, int value) throws BlockException {
    return (int) number(field, 1, value, 0, 0xff);
  }

  /** 0 to 65535. */
  public final int u16(String field, int value) throws BlockException {
    return (int) number(field, 2, value, 0, 0xffff);
  }

  /** Any 32 bits. */
  public final int i32(String field, int value) throws BlockException {
    return (int) number(field, 4, value, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /** Any 64 bits. */
  public final long i64(String field, long value) throws BlockException {
    return number(field, 8, value, Long.MIN_VALUE, Long.MAX_VALUE);
  }

  /** A number within bounds. */
  public final int within(String field, int value, int least, int most) throws BlockException {
    return (int) number(field, 4, value, least, most);
  }

  /** A number within bounds. */
  public final long within(String field, long value, long least, long most) throws BlockException {
    return number(field, 8, value, least, most);
  }

  /** One of a few. */
  public final <E extends Enum<E>> E choice(String field, E value, E[] all) throws BlockException {
    return all[(int) number(field, 1, value.ordinal(), 0, all.length - 1)];
  }

  /** Yes or no, several times. */
  public final void flags(String field, boolean[] values) throws BlockException {
    for (int index = 0; index < values.length; index++) {
      values[index] = flag(field, values[index]);
    }
  }

  /** Numbers within bounds. */
  public final void within(String field, int[] values, int least, int most) throws BlockException {
    for (int index = 0; index < values.length; index++) {
      values[index] = within(field, values[index], least, most);
    }
  }

  /** Any 32 bits, several times. */
  public final void i32(String field, int[] values) throws BlockException {
    within(field, values, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /** Any 64 bits, several times. */
  public final void i64(String field, long[] values) throws BlockException {
    for (int index = 0; index < values.length; index++) {
      values[index] = i64(field, values[index]);
    }
  }

  /** What never changes, but may be otherwise where the fields are read: then they do not fit. */
  public final void same(String field, long value) throws BlockException {
    long other = i64(field, value);
    if (other != value) {
      throw mismatch(field, Long.toString(value), Long.toString(other));
    }
  }

  /** The same of a text of at most 4096 bytes. */
  public final void same(String field, String value) throws BlockException {
    byte[] own = value.getBytes(UTF_8);
    byte[] other = bytes(field, own, 4096);
    String read = new String(other, UTF_8);
    if (!read.equals(value)) {
      throw mismatch(field, value, read);
    }
  }

  private BlockException mismatch(String field, String here, String there) {
    return wrong(field, "is " + there + " in the saved state and " + here + " here");
  }

  /** An error of what was read. */
  public abstract BlockException wrong(String field, String what);
}
