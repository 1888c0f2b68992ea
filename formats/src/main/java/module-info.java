// SPDX-License-Identifier: Apache-2.0
/** The image formats: one package each, found by the block layer as services. */
module dev.strata.formats {
  requires aircompressor.v3;
  requires transitive dev.strata.block;
  requires jdk.unsupported; // by aircompressor's Java code, which does not say so
  requires org.bouncycastle.provider;
  requires static org.jspecify;

  provides dev.strata.block.driver.BlockDriverFactory with
      dev.strata.formats.archive.ArchiveFactory,
      dev.strata.formats.bochs.BochsFactory,
      dev.strata.formats.cloop.CloopFactory,
      dev.strata.formats.dmg.DmgFactory,
      dev.strata.formats.luks.LuksFactory,
      dev.strata.formats.parallels.ParallelsFactory,
      dev.strata.formats.qcow.QcowFactory,
      dev.strata.formats.qcow2.Qcow2Factory,
      dev.strata.formats.qed.QedFactory,
      dev.strata.formats.raw.RawFactory,
      dev.strata.formats.vdi.VdiFactory,
      dev.strata.formats.vhdx.VhdxFactory,
      dev.strata.formats.vmdk.VmdkFactory,
      dev.strata.formats.vpc.VpcFactory,
      dev.strata.formats.vvfat.VvfatFactory;
}
