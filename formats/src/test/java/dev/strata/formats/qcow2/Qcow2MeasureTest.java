// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.driver.Measurable.Measurement;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import org.junit.jupiter.api.Test;

final class Qcow2MeasureTest {
  private static final long CLUSTER = 65536;
  private static final long GIB = 1L << 30;

  private static BlockOptions options(long size) {
    var options = new BlockOptions();
    options.put("size", size);
    return options;
  }

  private static Measurement measure(BlockOptions options) throws BlockException {
    return Qcow2Measure.take(options, new ObjectRegistry()).run(null);
  }

  @Test
  void emptyDiskNeedsHeaderAndRefcountsOnly() throws BlockException {
    assertEquals(3 * CLUSTER, measure(options(0)).required());
  }

  @Test
  void tablesOfAWholeDiskAreRequiredItsDataAreNot() throws BlockException {
    Measurement sizes = measure(options(GIB));
    // Header, L1 table, two L2 tables of 8192 entries each, refcount table, one refcount block.
    assertEquals(6 * CLUSTER, sizes.required());
    assertEquals(6 * CLUSTER + GIB, sizes.fullyAllocated());
    assertEquals(-1, sizes.bitmaps());
  }

  @Test
  void refcountBlocksCountThemselves() throws BlockException {
    BlockOptions options = options(GIB);
    options.put("cluster_size", 512L);
    // Data, L2 tables, L1 table and header; then blocks of 256 counts and a table of 64 blocks to
    // the cluster, which have to be counted too.
    long clusters = (GIB >> 9) + 32768 + 512 + 1;
    long blocks = 8356;
    long table = 131;
    assertEquals((clusters + blocks + table + 255) / 256, blocks);
    assertEquals((clusters + blocks + table) * 512, measure(options).fullyAllocated());
  }

  @Test
  void preallocatedDataAreRequired() throws BlockException {
    BlockOptions options = options(GIB);
    options.put("preallocation", "falloc");
    Measurement sizes = measure(options);
    assertEquals(sizes.fullyAllocated(), sizes.required());
  }

  @Test
  void diskWhoseL1TableWouldExceedThirtyTwoMebibytesIsRefused() throws BlockException {
    long most = (32L << 20) / 8 * (CLUSTER / 8 * CLUSTER);
    assertEquals(0, measure(options(most)).required() % CLUSTER);
    assertThrows(BlockException.class, () -> measure(options(most + 512)));
  }
}
