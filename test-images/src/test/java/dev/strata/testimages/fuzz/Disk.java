// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.BlockException;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import dev.strata.formats.archive.ArchiveFactory;
import dev.strata.formats.bochs.BochsFactory;
import dev.strata.formats.cloop.CloopFactory;
import dev.strata.formats.dmg.DmgFactory;
import dev.strata.formats.luks.LuksFactory;
import dev.strata.formats.parallels.ParallelsFactory;
import dev.strata.formats.qcow.QcowFactory;
import dev.strata.formats.qcow2.Qcow2Factory;
import dev.strata.formats.qed.QedFactory;
import dev.strata.formats.raw.RawFactory;
import dev.strata.formats.vdi.VdiFactory;
import dev.strata.formats.vhdx.VhdxFactory;
import dev.strata.formats.vmdk.VmdkFactory;
import dev.strata.formats.vpc.VpcFactory;
import java.util.EnumSet;
import java.util.List;

/**
 * A folder and the graph over it, for one image after the other: so no input has to wait for memory
 * that the one before gave back.
 */
final class Disk {
  static final String IMAGE = "image";

  private final OneFolder folder = new OneFolder(false);
  private final BlockGraph graph = graph(folder);

  /** What is done with an image. */
  interface Use {
    void of(BlockBackend disk) throws BlockException;
  }

  /** The folder, empty. */
  OneFolder folder(boolean writable) {
    return folder.again(writable);
  }

  /**
   * Opens the image, uses it, closes it; what it names is opened too, for there is nothing else
   * than the folder. Nothing may stay open, whatever happens.
   */
  void use(boolean writable, boolean backing, BlockOptions options, Use use) throws BlockException {
    use(NodeFlags.READ_ONLY.withWritable(writable).withUnmap(writable), backing, options, use);
  }

  /** The same with the image opened that way. */
  void use(NodeFlags flags, boolean backing, BlockOptions options, Use use) throws BlockException {
    boolean writable = flags.writable();
    try {
      BlockNode node =
          graph.open(
              new OpenRequest(
                  options.has("file") || options.has("file.filename") ? null : IMAGE,
                  options,
                  flags,
                  !backing,
                  false,
                  OpenGate.AS_QEMU));
      var needed = EnumSet.of(Permission.CONSISTENT_READ);
      if (writable) {
        needed.add(Permission.WRITE);
        needed.add(Permission.RESIZE);
      }
      BlockBackend backend;
      try {
        backend = graph.use(node, "", new Permissions(needed, EnumSet.allOf(Permission.class)));
      } catch (BlockException e) {
        graph.close(node);
        throw e;
      }
      try {
        use.of(backend);
      } finally {
        backend.close();
      }
    } finally {
      requireNothingOpen();
    }
  }

  private void requireNothingOpen() {
    if (!graph.nodes().isEmpty()) {
      throw new Finding("still open: " + graph.nodes());
    }
  }

  /** A graph whose files are in the folder. */
  static BlockGraph graph(OneFolder folder) {
    List<BlockDriverFactory> drivers =
        List.of(
            folder,
            new ArchiveFactory(),
            new BochsFactory(),
            new CloopFactory(),
            new DmgFactory(),
            new LuksFactory(),
            new ParallelsFactory(),
            new Qcow2Factory(),
            new QcowFactory(),
            new QedFactory(),
            new RawFactory(),
            new VdiFactory(),
            new VhdxFactory(),
            new VmdkFactory(),
            new VpcFactory());
    return new BlockGraph(new DriverRegistry(drivers), line -> {});
  }
}
