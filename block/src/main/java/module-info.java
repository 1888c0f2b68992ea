// SPDX-License-Identifier: Apache-2.0
/**
 * The block layer: a graph of drivers that answer reads, writes and block status, with the drivers
 * that need no image format.
 */
module dev.strata.block {
  requires com.sun.jna;
  requires java.net.http;
  requires static transitive org.jspecify;

  exports dev.strata.block;
  exports dev.strata.block.archive;
  exports dev.strata.block.bitmap;
  exports dev.strata.block.compare;
  exports dev.strata.block.copy;
  exports dev.strata.block.drive;
  exports dev.strata.block.driver;
  exports dev.strata.block.file;
  exports dev.strata.block.graph;
  exports dev.strata.block.image;
  exports dev.strata.block.job;
  exports dev.strata.block.job.backup;
  exports dev.strata.block.job.commit;
  exports dev.strata.block.job.mirror;
  exports dev.strata.block.job.stream;
  exports dev.strata.block.json;
  exports dev.strata.block.layout;
  exports dev.strata.block.nbd.protocol;
  exports dev.strata.block.object;
  exports dev.strata.block.option;
  exports dev.strata.block.posix to
      dev.strata.formats,
      dev.strata.imgtool,
      dev.strata.iotool,
      dev.strata.monitor,
      dev.strata.nbdserver,
      dev.strata.system;
  exports dev.strata.block.serve;
  exports dev.strata.block.throttle;
  exports dev.strata.block.tls;
  exports dev.strata.block.virtio;

  uses dev.strata.block.archive.ArchiveProvider;
  uses dev.strata.block.driver.BlockDriverFactory;
  uses dev.strata.block.tls.TlsProvider;

  provides dev.strata.block.driver.BlockDriverFactory with
      dev.strata.block.file.FileFactory,
      dev.strata.block.file.HostCdromFactory,
      dev.strata.block.file.HostDeviceFactory,
      dev.strata.block.filter.blkdebug.BlkdebugFactory,
      dev.strata.block.filter.blklogwrites.BlklogwritesFactory,
      dev.strata.block.filter.blkverify.BlkverifyFactory,
      dev.strata.block.filter.compress.CompressFactory,
      dev.strata.block.filter.copybeforewrite.CopyBeforeWriteFactory,
      dev.strata.block.filter.copyonread.CopyOnReadFactory,
      dev.strata.block.filter.preallocate.PreallocateFactory,
      dev.strata.block.filter.quorum.QuorumFactory,
      dev.strata.block.filter.snapshotaccess.SnapshotAccessFactory,
      dev.strata.block.filter.throttle.ThrottleFactory,
      dev.strata.block.http.FtpFactory,
      dev.strata.block.http.FtpsFactory,
      dev.strata.block.http.HttpFactory,
      dev.strata.block.http.HttpsFactory,
      dev.strata.block.iscsi.IscsiFactory,
      dev.strata.block.nbd.NbdFactory,
      dev.strata.block.synthetic.NullAioFactory,
      dev.strata.block.synthetic.NullFactory;
}
