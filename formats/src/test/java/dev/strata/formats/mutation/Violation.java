// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.mutation;

import org.jspecify.annotations.Nullable;

/** Something that must not be, whatever the image. */
final class Violation extends RuntimeException {
  private static final long serialVersionUID = 1;

  Violation(String what, @Nullable Throwable cause) {
    super(what, cause);
  }

  /** Equal for violations that are likely to have the same reason. */
  String kind() {
    Throwable cause = getCause();
    while (cause != null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause == null) {
      return String.valueOf(getMessage()).split(": ")[0].replaceAll("[0-9]+", "#");
    }
    for (StackTraceElement frame : cause.getStackTrace()) {
      if (frame.getClassName().startsWith("dev.strata.")) {
        return cause.getClass().getName() + " at " + frame;
      }
    }
    return cause.getClass().getName();
  }
}
