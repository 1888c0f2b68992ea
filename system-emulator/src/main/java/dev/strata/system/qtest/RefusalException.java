// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qtest;

/** A command that cannot be carried out; the message is the whole answer. */
@SuppressWarnings("serial")
final class RefusalException extends Exception {
  RefusalException(String answer) {
    super(answer);
  }
}
