// SPDX-License-Identifier: Apache-2.0
/** Compressed files, by Apache Commons Compress. */
module dev.strata.archive {
  requires dev.strata.block;
  requires org.apache.commons.compress;
  requires static org.jspecify;

  provides dev.strata.block.archive.ArchiveProvider with
      dev.strata.archive.CompressArchives;
}
