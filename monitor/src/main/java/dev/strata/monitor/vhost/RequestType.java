// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.vhost;

/**
 * What a front-end asks for. Only what is served here; all else is refused by its number.
 *
 * @see "QEMU docs/interop/vhost-user, Front-end message types"
 */
final class RequestType {
  static final int GET_FEATURES = 1;
  static final int SET_FEATURES = 2;
  static final int SET_OWNER = 3;
  static final int RESET_OWNER = 4;
  static final int SET_MEM_TABLE = 5;
  static final int SET_VRING_NUM = 8;
  static final int SET_VRING_ADDR = 9;
  static final int SET_VRING_BASE = 10;
  static final int GET_VRING_BASE = 11;
  static final int SET_VRING_KICK = 12;
  static final int SET_VRING_CALL = 13;
  static final int SET_VRING_ERR = 14;
  static final int GET_PROTOCOL_FEATURES = 15;
  static final int SET_PROTOCOL_FEATURES = 16;
  static final int GET_QUEUE_NUM = 17;
  static final int SET_VRING_ENABLE = 18;
  static final int GET_CONFIG = 24;
  static final int SET_CONFIG = 25;
  static final int GET_MAX_MEM_SLOTS = 36;
  static final int ADD_MEM_REG = 37;
  static final int REM_MEM_REG = 38;

  private RequestType() {}
}
