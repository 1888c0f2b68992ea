// SPDX-License-Identifier: Apache-2.0
/** Compressed files and archives, by Apache Commons Compress. */
module dev.strata.archive {
  requires aircompressor.v3;
  requires dev.strata.block;
  requires org.apache.commons.compress;
  requires static org.jspecify;
  requires org.tukaani.xz;

  provides dev.strata.block.archive.ArchiveProvider with
      dev.strata.archive.CompressArchives;
}
