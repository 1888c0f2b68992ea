// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.BlockIo;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.Deletable;
import dev.strata.block.driver.ImageStamp;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Creates one image: the file through its protocol, then the format inside. */
final class ImageCreator implements CreateContext {
  private static final NodeFlags WRITABLE = NodeFlags.READ_ONLY.withWritable(true).withUnmap(true);

  private final BlockGraph graph;
  private final String filename;
  private final BlockOptions options;
  private final @Nullable BlockNode place; // that is to hold the image; null for a new file
  private final List<BlockBackend> created = new ArrayList<>();
  private final List<BlockBackend> opened = new ArrayList<>();
  private @Nullable BlockBackend file;
  private @Nullable BlockBackend image;

  private ImageCreator(
      BlockGraph graph, String filename, BlockOptions options, @Nullable BlockNode place) {
    this.graph = graph;
    this.filename = filename;
    this.options = options;
    this.place = place;
  }

  /** Creates the image; files that were made are removed again if that fails. */
  static void create(
      BlockGraph graph, BlockDriverFactory driver, String filename, BlockOptions options)
      throws BlockException {
    create(new ImageCreator(graph, filename, options, null), driver);
  }

  /** Creates the image in a node that there is, and that stays if it fails. */
  static void createIn(
      BlockGraph graph, BlockDriverFactory driver, BlockNode place, BlockOptions options)
      throws BlockException {
    create(new ImageCreator(graph, place.filename(), options, place), driver);
  }

  private static void create(ImageCreator creator, BlockDriverFactory driver)
      throws BlockException {
    BlockGraph graph = creator.graph;
    BlockOptions options = creator.options;
    boolean done = false;
    try {
      driver.create(creator, options);
      creator.closeImage();
      for (BlockBackend backend : creator.created) {
        backend.flush();
      }
      done = true;
    } finally {
      graph.warnOf(options);
      creator.close(done);
    }
  }

  private void closeImage() throws BlockException {
    if (image != null) {
      image.close();
      image = null;
    }
  }

  private void close(boolean done) throws BlockException {
    BlockException failure = null;
    try {
      closeImage();
    } catch (BlockException e) {
      failure = e;
    }
    for (BlockBackend backend : created) {
      try {
        if (!done && backend.node() != place) {
          Optional<Deletable> deletable = backend.node().capability(Deletable.class);
          if (deletable.isPresent()) {
            deletable.get().delete();
          }
        }
        backend.close();
      } catch (BlockException e) {
        failure = failure == null ? e : failure;
      }
    }
    for (BlockBackend backend : opened) {
      try {
        backend.close();
      } catch (BlockException e) {
        failure = failure == null ? e : failure;
      }
    }
    // When creation failed already, that is what the user has to hear.
    if (done && failure != null) {
      throw failure;
    }
  }

  @Override
  public String filename() {
    return filename;
  }

  @Override
  public Child createFile() throws BlockException {
    BlockBackend backend = place == null ? create(filename) : empty(place);
    file = backend;
    return new BackendChild(backend, "file", EdgeRole.IMAGE);
  }

  @Override
  public Child createDataFile(String name) throws BlockException {
    return new BackendChild(create(name), "data-file", EdgeRole.DATA);
  }

  private BlockBackend create(String name) throws BlockException {
    BlockDriverFactory protocol = graph.drivers().protocolOf(name, true);
    var inner = new ImageCreator(graph, name, options, null);
    protocol.create(inner, options);
    BlockNode node =
        graph.open(new OpenRequest(name, new BlockOptions(), WRITABLE, false, true, OpenGate.DENY));
    return write(node);
  }

  private BlockBackend write(BlockNode node) throws BlockException {
    BlockBackend backend =
        graph.use(
            node,
            "",
            new Permissions(
                EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE, Permission.RESIZE),
                EnumSet.allOf(Permission.class)));
    created.add(backend);
    return backend;
  }

  private BlockBackend empty(BlockNode node) throws BlockException {
    BlockBackend backend = write(node);
    backend.truncate(0, false, Preallocation.OFF, 0);
    return backend;
  }

  @Override
  public Child openBacking(BackingReference backing) throws BlockException {
    var own = new BlockOptions();
    if (backing.format() != null) {
      own.put("driver", backing.format());
    }
    String name = ImageName.combine(filename, backing.filename());
    BlockNode node =
        graph.open(new OpenRequest(name, own, NodeFlags.READ_ONLY, true, false, OpenGate.AS_QEMU));
    BlockBackend backend =
        graph.use(
            node,
            "",
            new Permissions(
                EnumSet.of(Permission.CONSISTENT_READ), EnumSet.allOf(Permission.class)));
    opened.add(backend);
    return new BackendChild(backend, "backing", EdgeRole.BACKING);
  }

  @Override
  public BlockIo openImage(String driver, BlockOptions driverOptions) throws BlockException {
    if (file == null) {
      throw new IllegalStateException("The image's file has not been created");
    }
    // From here on the image's own node writes the file, and nobody else may.
    for (BlockBackend backend : created) {
      backend.change(Permissions.NONE);
    }
    BlockOptions all = driverOptions.copy();
    all.put("driver", driver);
    all.put("file", file.node().name());
    BlockNode node =
        graph.open(new OpenRequest(null, all, WRITABLE, true, false, OpenGate.AS_QEMU));
    image =
        graph.use(
            node,
            "",
            new Permissions(
                EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE, Permission.RESIZE),
                EnumSet.allOf(Permission.class)));
    return image;
  }

  @Override
  public ObjectRegistry objects() {
    return graph.objects();
  }

  @Override
  public BufferPool buffers() {
    return graph.buffers();
  }

  @Override
  public ImageStamp stamp() {
    return graph.stamp();
  }

  @Override
  public void warn(String line) {
    graph.warn(line);
  }
}
