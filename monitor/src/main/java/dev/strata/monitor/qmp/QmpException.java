// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.qmp;

/** A failure that a client is told of with an error class other than the generic one. */
public final class QmpException extends Exception {
  private static final long serialVersionUID = 1;

  private final String errorClass;

  /** A failure of that class: {@code CommandNotFound}, {@code DeviceNotActive}. */
  public QmpException(String errorClass, String message) {
    super(message);
    this.errorClass = errorClass;
  }

  /** The class, as {@code QapiErrorClass} has it. */
  public String errorClass() {
    return errorClass;
  }

  /** The message; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
