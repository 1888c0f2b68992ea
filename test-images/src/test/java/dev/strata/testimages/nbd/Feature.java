// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbd;

/** What clients and servers of NBD may have in common, in the order of the table. */
enum Feature {
  EXPORT_NAME("`NBD_OPT_EXPORT_NAME`"),
  GO("`NBD_OPT_GO`"),
  INFO("`NBD_OPT_INFO`"),
  LIST("`NBD_OPT_LIST`"),
  STRUCTURED("structured replies"),
  EXTENDED("extended headers"),
  BASE_ALLOCATION("context `base:allocation`"),
  ALLOCATION_DEPTH("context `qemu:allocation-depth`"),
  DIRTY_BITMAP("context `qemu:dirty-bitmap:NAME`"),
  BLOCK_STATUS("block status"),
  READ("reads"),
  DF("reads in one piece (DF)"),
  WRITE("writes"),
  FUA("writes through (FUA)"),
  FLUSH("flush"),
  TRIM("trim"),
  WRITE_ZEROES("write zeroes"),
  FAST_ZERO("fast zero"),
  CACHE("cache"),
  MULTI_CONN("several connections"),
  TLS_X509("TLS, certificates"),
  TLS_PSK("TLS, pre-shared keys");

  private final String words;

  Feature(String words) {
    this.words = words;
  }

  /** As the table has it. */
  String words() {
    return words;
  }
}
