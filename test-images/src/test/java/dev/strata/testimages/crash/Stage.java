// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.filter.blklogwrites.BlklogwritesFactory;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.object.ObjectProperties;
import dev.strata.block.option.BlockOptions;
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
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A graph over files in memory. */
public final class Stage {
  /** The name of the image. */
  public static final String IMAGE = "image";

  /** The name of its backing file, if it has one. */
  public static final String BASE = "base";

  /** The name of what it may be rebased onto. */
  public static final String OTHER = "other";

  /** The name of its data file, if it has one. */
  public static final String DATA = "data";

  /** The id of the secret that opens what is locked. */
  public static final String KEY = "key";

  /** To write and to discard. */
  public static final NodeFlags WRITABLE = NodeFlags.READ_ONLY.withWritable(true).withUnmap(true);

  /** What a reader needs. */
  public static final Permissions READ =
      new Permissions(EnumSet.of(Permission.CONSISTENT_READ), EnumSet.allOf(Permission.class));

  /** In place of the value of a block whose words differ. */
  public static final long MIXED = -1;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final MemoryFiles files;
  private final BlockGraph graph;
  private final List<String> warnings = new ArrayList<>();

  /** Over those files. */
  public Stage(MemoryFiles files) {
    this.files = files;
    List<BlockDriverFactory> drivers =
        List.of(
            files,
            new BlklogwritesFactory(),
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
    this.graph = new BlockGraph(new DriverRegistry(drivers), warnings::add);
    try {
      graph.objects().define(ObjectProperties.parse("secret,id=" + KEY + ",data=1234"));
    } catch (BlockException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The files. */
  public MemoryFiles files() {
    return files;
  }

  /** The graph. */
  public BlockGraph graph() {
    return graph;
  }

  /** Creates an image. */
  public void create(String format, String name, String... options) throws BlockException {
    graph.create(graph.drivers().require(format), name, BlockOptions.of(options));
  }

  /** Opens an image by its name; closed with the backend. */
  public BlockBackend open(String format, String name, NodeFlags flags) throws BlockException {
    var options = new ArrayList<>(List.of("driver", format));
    options.addAll(openOptions(format));
    return use(open(name, flags, options.toArray(String[]::new)), flags);
  }

  /** What keeps files small, and threads away. */
  public static List<String> openOptions(String format) {
    return switch (format) {
      case "luks" -> List.of("key-secret", KEY);
      case "parallels" -> List.of("prealloc-size", "16384");
      case "qcow2" -> List.of("cache-clean-interval", "0");
      default -> List.of();
    };
  }

  /** Opens what the options describe under a name that other nodes can refer to. */
  public void openNamed(String node, NodeFlags flags, String... options) throws BlockException {
    var all = new ArrayList<>(List.of(options));
    all.addAll(List.of("node-name", node));
    open(null, flags, all.toArray(String[]::new));
  }

  /** Opens what the options describe. */
  public BlockBackend open(NodeFlags flags, String... options) throws BlockException {
    return use(open(null, flags, options), flags);
  }

  private BlockNode open(@Nullable String name, NodeFlags flags, String... options)
      throws BlockException {
    warnings.clear();
    return graph.open(
        new OpenRequest(name, BlockOptions.of(options), flags, false, false, OpenGate.AS_QEMU));
  }

  private BlockBackend use(BlockNode node, NodeFlags flags) throws BlockException {
    var needed = EnumSet.of(Permission.CONSISTENT_READ);
    if (flags.writable()) {
      needed.add(Permission.WRITE);
      needed.add(Permission.RESIZE);
    }
    return graph.use(node, "", new Permissions(needed, EnumSet.allOf(Permission.class)));
  }

  /** The values of all blocks. */
  public static long[] values(BlockBackend disk) throws BlockException {
    var bytes = new byte[Math.toIntExact(disk.length())];
    disk.read(0, IoVector.of(bytes), 0);
    return values(bytes);
  }

  /** The values of blocks. */
  public static long[] values(byte[] bytes) {
    var values = new long[bytes.length / GuestModel.BLOCK];
    for (int i = 0; i < values.length; i++) {
      int at = i * GuestModel.BLOCK;
      int end = at + GuestModel.BLOCK;
      boolean alike = Arrays.equals(bytes, at, end - 8, bytes, at + 8, end);
      values[i] = alike ? (long) LONGS.get(bytes, at) : MIXED;
    }
    return values;
  }

  /** The bytes of blocks with those values. */
  public static byte[] bytes(long[] values) {
    var bytes = new byte[values.length * GuestModel.BLOCK];
    for (int at = 0; at < bytes.length; at += 8) {
      LONGS.set(bytes, at, values[at / GuestModel.BLOCK]);
    }
    return bytes;
  }

  /** The values of an image's blocks. */
  public long[] values(String format, String name) throws BlockException {
    try (BlockBackend disk = open(format, name, NodeFlags.READ_ONLY)) {
      return values(disk);
    }
  }

  /** Hears what a check finds. */
  public static final class Findings implements Checkable.Listener {
    private static final int MOST_LINES = 6;
    private final List<String> lines = new ArrayList<>();

    @Override
    public void found(String line) {
      lines.add(line);
    }

    @Override
    public void progress(long done, long total) {
      // Nobody waits for it.
    }

    /** All of them. */
    public List<String> lines() {
      return lines;
    }

    /** The first of them, for a message. */
    public List<String> first() {
      return lines.subList(0, Math.min(lines.size(), MOST_LINES));
    }
  }
}
