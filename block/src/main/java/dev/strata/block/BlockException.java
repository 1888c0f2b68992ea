// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A failure of the block layer: what POSIX would call it, and one line in the reference tools'
 * words.
 *
 * <p>The message is complete for a user. Where the reference appends the system's words, as in
 * {@code Could not open 'a': No such file or directory}, {@link #of} does.
 */
public final class BlockException extends IOException {
  private static final long serialVersionUID = 1;

  private final Errno errno;
  private final @Nullable String hint;

  /** A failure with exactly that message. */
  public BlockException(Errno errno, String message) {
    this(errno, message, null, null);
  }

  private BlockException(
      Errno errno, String message, @Nullable String hint, @Nullable Throwable cause) {
    super(message, cause);
    this.errno = errno;
    this.hint = hint;
  }

  /** A failure that has nothing to say but the system's words, as a read that returned EIO. */
  public static BlockException of(Errno errno) {
    return new BlockException(errno, errno.text());
  }

  /** {@code context: the system's words}. */
  public static BlockException of(Errno errno, String context) {
    return new BlockException(errno, context + ": " + errno.text());
  }

  /** The same failure with {@code context: } in front. */
  public BlockException during(String context) {
    return new BlockException(errno, context + ": " + getMessage(), hint, this);
  }

  /** The same failure, with a further line that tells what to do; printed below the message. */
  public BlockException withHint(String line) {
    return new BlockException(errno, String.valueOf(getMessage()), line, getCause());
  }

  /** The same failure, caused by {@code cause}. */
  public BlockException causedBy(Throwable cause) {
    return new BlockException(errno, String.valueOf(getMessage()), hint, cause);
  }

  /** This failure and all that came after it, in the order in which they came. */
  public List<BlockException> all() {
    var all = new ArrayList<BlockException>();
    all.add(this);
    for (Throwable later : getSuppressed()) {
      if (later instanceof BlockException failure) {
        all.addAll(failure.all());
      }
    }
    return all;
  }

  public Errno errno() {
    return errno;
  }

  /** A line that tells the user what to do, or null. */
  public @Nullable String hint() {
    return hint;
  }

  /** The message; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
