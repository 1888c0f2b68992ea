// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A password or key. Thread-safe; wiped when it is closed. */
public final class Secret implements NamedObject {
  private final byte[] bytes;

  /** A secret of these bytes, which are its own from now on. */
  Secret(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The secret, a copy: the caller wipes it after use. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /**
   * The secret as text.
   *
   * @param id of the secret, for the message
   * @throws BlockException if it is no UTF-8
   */
  public String text(String id) throws BlockException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new BlockException(EINVAL, "Data from secret " + id + " is not valid UTF-8")
          .causedBy(e);
    }
  }

  /** What is read is read: only what is told of the secret changes, as with the reference. */
  @Override
  public void change(String name, ObjectProperties value) throws BlockException {
    if (name.equals("format")) {
      value.word(name, "raw", "base64");
    } else {
      value.requiredString(name);
    }
  }

  @Override
  public void close() {
    Arrays.fill(bytes, (byte) 0);
  }
}
