// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.option;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;

/** The number of a TCP port as a user writes it. Names of services are not looked up. */
public final class PortNumber {
  private static final int HIGHEST = 65535;

  private PortNumber() {}

  /**
   * The number.
   *
   * @throws BlockException if it is none; {@code host} is for the message
   */
  public static int parse(String host, String port) throws BlockException {
    int number = 0;
    boolean valid = !port.isEmpty();
    for (int i = 0; i < port.length() && valid; i++) {
      char c = port.charAt(i);
      valid = c >= '0' && c <= '9';
      number = number * 10 + c - '0';
      valid &= number <= HIGHEST;
    }
    if (!valid) {
      throw new BlockException(
          Errno.EINVAL,
          "address resolution failed for "
              + host
              + ":"
              + port
              + ": Servname not supported for ai_socktype");
    }
    return number;
  }
}
