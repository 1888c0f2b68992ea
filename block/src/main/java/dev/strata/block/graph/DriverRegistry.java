// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.graph;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.option.ImageName;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** The drivers that there are. Immutable. */
public final class DriverRegistry {
  /** How many bytes of a file are looked at to guess its format. */
  public static final int PROBE_BYTES = 2048;

  private final List<BlockDriverFactory> drivers;

  /** Exactly those. */
  public DriverRegistry(List<BlockDriverFactory> drivers) {
    this.drivers = List.copyOf(drivers);
  }

  /** All that the modules provide. */
  public static DriverRegistry load() {
    var found = new ArrayList<BlockDriverFactory>();
    ModuleLayer layer = DriverRegistry.class.getModule().getLayer();
    // Asking the layer alone spares a start the search of a class path; without modules, there is
    // one.
    ServiceLoader<BlockDriverFactory> services =
        layer == null
            ? ServiceLoader.load(BlockDriverFactory.class)
            : ServiceLoader.load(layer, BlockDriverFactory.class);
    for (BlockDriverFactory driver : services) {
      found.add(driver);
    }
    // The order of services is not defined, that of listings should be.
    found.sort((a, b) -> a.name().compareTo(b.name()));
    return new DriverRegistry(found);
  }

  /** All, by name. */
  public List<BlockDriverFactory> all() {
    return drivers;
  }

  /** The driver of that name, or null. */
  public @Nullable BlockDriverFactory find(String name) {
    for (BlockDriverFactory driver : drivers) {
      if (driver.name().equals(name)) {
        return driver;
      }
    }
    return null;
  }

  /** The driver of that name. */
  public BlockDriverFactory require(String name) throws BlockException {
    BlockDriverFactory driver = find(name);
    if (driver == null) {
      throw new BlockException(Errno.EINVAL, "Unknown driver '" + name + "'");
    }
    return driver;
  }

  /**
   * The protocol that a file name is for: the one its prefix names, or that of plain files and
   * devices.
   */
  public BlockDriverFactory protocolOf(String filename, boolean prefixAllowed)
      throws BlockException {
    BlockDriverFactory best = null;
    int bestScore = 0;
    for (BlockDriverFactory driver : drivers) {
      int score = driver.kind() == DriverKind.PROTOCOL ? driver.probeDevice(filename) : 0;
      if (score > bestScore) {
        best = driver;
        bestScore = score;
      }
    }
    if (best != null) {
      return best;
    }
    String prefix = prefixAllowed ? ImageName.protocol(filename) : null;
    if (prefix == null) {
      return require("file");
    }
    for (BlockDriverFactory driver : drivers) {
      if (driver.answersTo(prefix)) {
        return driver;
      }
    }
    throw new BlockException(Errno.EINVAL, "Unknown protocol '" + prefix + "'");
  }

  /** The format that these first bytes look most like: {@code raw} if like none. */
  public BlockDriverFactory probe(byte[] head, String filename) throws BlockException {
    BlockDriverFactory best = null;
    int bestScore = 0;
    for (BlockDriverFactory driver : drivers) {
      int score = driver.probe(head, filename);
      if (score > bestScore) {
        best = driver;
        bestScore = score;
      }
    }
    if (best == null) {
      throw new BlockException(
          Errno.ENOENT, "Could not determine image format: No compatible driver found");
    }
    return best;
  }
}
