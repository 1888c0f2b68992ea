// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.option.Printable;
import org.jspecify.annotations.Nullable;

/** A command did not do what it should; carries what the user is told and where. */
public final class CommandFailure extends Exception {
  private static final long serialVersionUID = 1;

  /** Where the message goes. */
  enum Kind {
    /** Nowhere: the user has been told. */
    TOLD,
    /** The command's synopsis, to standard output. */
    USAGE,
    /** As it is, to standard output: the reference mixes it with results. */
    RESULT,
    /** As it is, to standard error. */
    PLAIN,
    /** To standard error with the program's name in front. */
    ERROR
  }

  private final Kind kind;
  private final @Nullable String hint;

  private CommandFailure(
      Kind kind, String message, @Nullable String hint, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.hint = hint;
  }

  /** The user has been told already. */
  static CommandFailure told() {
    return new CommandFailure(Kind.TOLD, "", null, null);
  }

  /** The command's synopsis says it all. */
  static CommandFailure usage() {
    return new CommandFailure(Kind.USAGE, "", null, null);
  }

  /** A message among the results. */
  static CommandFailure result(String message) {
    return new CommandFailure(Kind.RESULT, message, null, null);
  }

  /** A message without the program's name. */
  static CommandFailure plain(String message) {
    return new CommandFailure(Kind.PLAIN, message, null, null);
  }

  /** A message after the program's name. */
  static CommandFailure error(String message) {
    return new CommandFailure(Kind.ERROR, message, null, null);
  }

  /** What the block layer says. */
  static CommandFailure of(BlockException e) {
    return new CommandFailure(Kind.ERROR, Printable.of(e.getMessage()), e.hint(), e);
  }

  /** {@code what failed:} and the system's words for it, among the results. */
  static CommandFailure failed(String what, BlockException e) {
    return new CommandFailure(Kind.RESULT, what + " failed: " + e.errno().text(), null, e);
  }

  Kind kind() {
    return kind;
  }

  @Nullable String hint() {
    return hint;
  }

  /** The message; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
