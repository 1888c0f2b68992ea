// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.block.BlockException;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import dev.strata.testimages.crash.Judge;
import dev.strata.testimages.crash.MemoryFiles;
import dev.strata.testimages.crash.Stage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The images that the tools are let loose on, and what they hold. */
final class FaultImages {
  static final int CLUSTER = 4096;
  private static final int SIZE = 256 << 10;
  private static final int REFCOUNT_TABLE = 48; // where a header says where it is
  private static final int DIRTY_BYTE = 79;
  private static final int PARALLELS_IN_USE = 44; // 4 bytes
  private static final int IN_USE = 0x746F6E59;

  private FaultImages() {}

  /** All of them, by name. */
  static Map<String, byte[]> make() throws Exception {
    var files = new MemoryFiles();
    MemoryProtocol.use(files);
    byte[] raw = new byte[SIZE];
    for (int at = 0; at < SIZE; at += CLUSTER) {
      int number = at / CLUSTER;
      Arrays.fill(raw, at, at + CLUSTER, (byte) (number % 3 == 0 ? 0 : number + 1));
    }
    files.put("raw", raw);
    String options = "cluster_size=4096";
    img("create", "-q", "-f", "qcow2", "-o", options, "memory:base", "256k");
    img("create", "-q", "-f", "qcow2", "-o", options, "memory:other", "256k");
    img("create", "-q", "-f", "qcow2", "-o", options, "memory:alone", "256k");
    String lazy = options + ",lazy_refcounts=on";
    img("create", "-q", "-f", "qcow2", "-o", lazy, "memory:dirty", "256k");
    String backing = options + ",backing_file=memory:base,backing_fmt=qcow2";
    img("create", "-q", "-f", "qcow2", "-o", backing, "memory:image");
    img("create", "-q", "-f", "parallels", "-o", options, "memory:parallels", "256k");
    files.put("empty", files.get("parallels").toBytes());
    img("convert", "-n", "-f", "raw", "--target-image-opts", "memory:raw", parallels("parallels"));
    img("convert", "-f", "raw", "-O", "qcow2", "-c", "-o", options, "memory:raw", "memory:packed");
    io("base", "write -P 17 0 96k");
    io("other", "write -P 34 32k 100k");
    io("alone", "write -P 50 0 64k", "write -P 51 128k 16k");
    io("image", "write -P 68 16k 32k", "write -P 69 160k 16k");
    img("snapshot", "-c", "first", "memory:image");
    io("image", "write -P 85 24k 32k", "discard 160k 8k");
    files.put("plain", files.get("image").toBytes());
    img("bitmap", "-f", "qcow2", "--add", "memory:image", "b0");
    io("image", "write -P 86 200k 8k");
    io("dirty", "write -P 50 0 64k");
    files.put("leaky", leaking(files.get("alone").toBytes()));
    byte[] dirty = files.get("dirty").toBytes();
    dirty[DIRTY_BYTE] |= 1;
    files.put("dirty", dirty);
    byte[] unclosed = files.get("parallels").toBytes();
    ByteBuffer.wrap(unclosed).order(ByteOrder.LITTLE_ENDIAN).putInt(PARALLELS_IN_USE, IN_USE);
    files.put("unclosed", unclosed);
    return files.contents();
  }

  /** Options that open a parallels image so that it does not grow by 128 MiB at once. */
  static String parallels(String name) {
    return "driver=parallels,prealloc-size=16384,file.driver=memory,file.filename=" + name;
  }

  /** With one more cluster at its end, which is counted and which nobody uses. */
  private static byte[] leaking(byte[] image) {
    int end = (image.length + CLUSTER - 1) / CLUSTER;
    byte[] longer = Arrays.copyOf(image, (end + 1) * CLUSTER);
    ByteBuffer bytes = ByteBuffer.wrap(longer);
    int table = (int) bytes.getLong(REFCOUNT_TABLE);
    int block = (int) bytes.getLong(table);
    bytes.putShort(block + 2 * end, (short) 1);
    return longer;
  }

  private static void img(String... words) throws Exception {
    var all = new ArrayList<>(List.of("qemu-img"));
    all.addAll(List.of(words));
    ToolRun run = ToolRun.of(all);
    assertEquals(0, run.exitCode(), () -> all + ": " + run.errors());
  }

  private static void io(String name, String... commands) throws Exception {
    var all = new ArrayList<>(List.of("qemu-io", "-d", "unmap", "-f", "qcow2"));
    for (String command : commands) {
      all.addAll(List.of("-c", command));
    }
    all.add("memory:" + name);
    ToolRun run = ToolRun.of(all);
    assertEquals(0, run.exitCode(), () -> all + ": " + run.output() + run.errors());
  }

  /** The values of an image's blocks; {@code image} as {@code format:name}. */
  static long[] values(String image) throws Exception {
    return ToolRun.with(() -> {
      try (var graph = new BlockGraph(DriverRegistry.load(), line -> {});
          BlockBackend disk = open(graph, image)) {
        return Stage.values(disk);
      }
    });
  }

  private static BlockBackend open(BlockGraph graph, String image) throws BlockException {
    int colon = image.indexOf(':');
    BlockOptions options = BlockOptions.of("driver", image.substring(0, colon));
    String name = MemoryProtocol.NAME + image.substring(colon);
    var request =
        new OpenRequest(name, options, NodeFlags.READ_ONLY, false, false, OpenGate.AS_QEMU);
    return graph.use(graph.open(request), "", Stage.READ);
  }

  /** What a check finds that is more than leaks; nothing of what cannot be checked. */
  static List<String> damage(String image) throws Exception {
    return ToolRun.with(() -> {
      try (var graph = new BlockGraph(DriverRegistry.load(), line -> {});
          BlockBackend disk = open(graph, image)) {
        var checkable = disk.node().capability(Checkable.class);
        if (checkable.isEmpty()) {
          return List.of();
        }
        var findings = new Stage.Findings();
        Checkable.Result result = checkable.get().check(Checkable.Repair.NONE, findings);
        List<String> all = findings.lines();
        return result.corruptions() + result.checkErrors() > 0
            ? all.stream().filter(line -> !isHarmless(line, all)).toList()
            : List.of();
      }
    });
  }

  /** Whether a qcow2 image says that its refcounts may not be right. */
  static boolean isDirty(String image) throws Exception {
    if (!image.startsWith("qcow2:")) {
      return false;
    }
    byte[] header = MemoryProtocol.files().get(image.substring(image.indexOf(':') + 1)).toBytes();
    return (header[DIRTY_BYTE] & 1) != 0;
  }

  private static boolean isHarmless(String line, List<String> all) {
    // A Parallels image says by itself that something went wrong before it was closed.
    return Judge.isHarmless(line, all, CLUSTER)
        || line.equals("ERROR image was not closed correctly")
        || line.contains("space leaked at the end");
  }
}
