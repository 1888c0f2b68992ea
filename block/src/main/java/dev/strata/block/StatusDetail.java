// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

/** How much a block-status request wants to know, and so how many layers it may have to ask. */
public enum StatusDetail {
  /** Which layer the bytes come from; whether data reads as zeroes may be left unsaid. */
  ALLOCATION,
  /** Also what is known of zeroes, the holes of the file below included. */
  ZEROES
}
