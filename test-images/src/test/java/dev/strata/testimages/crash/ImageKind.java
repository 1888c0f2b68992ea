// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A kind of image that power cuts are tried on.
 *
 * @param clusterSize in bytes
 * @param clusters of the guest disk
 * @param options of creation, as {@code a=b,c=d}
 */
public record ImageKind(
    String name, String format, int clusterSize, int clusters, String options, Set<Trait> traits) {

  /** What an image has beyond its format's options. */
  public enum Trait {
    /** A backing file that holds data. */
    BACKING,
    /** Writes are compressed where they can be. */
    COMPRESSED,
    /** A file of its own for the data. */
    DATA_FILE,
    /** A snapshot, and data written since. */
    SNAPSHOT,
    /** Full up to where the next cluster needs another refcount block. */
    FULL_BLOCK,
    /** Full up to where the next cluster needs a longer refcount table. */
    FULL_TABLE
  }

  /** All kinds: a format to come is a line here. */
  public static final List<ImageKind> ALL =
      List.of(
          of("qcow2-v2", "qcow2", 512, 128, "compat=0.10"),
          of("qcow2-v3", "qcow2", 4096, 32, ""),
          of("qcow2-small", "qcow2", 512, 128, "refcount_bits=64", Trait.FULL_BLOCK),
          of("qcow2-lazy", "qcow2", 4096, 32, "lazy_refcounts=on"),
          of("qcow2-extended", "qcow2", 16384, 8, "extended_l2=on"),
          of("qcow2-data-file", "qcow2", 4096, 32, "", Trait.DATA_FILE),
          of("qcow2-raw-data-file", "qcow2", 4096, 32, "data_file_raw=on", Trait.DATA_FILE),
          of("qcow2-compressed", "qcow2", 4096, 32, "", Trait.COMPRESSED),
          of("qcow2-backing", "qcow2", 4096, 32, "", Trait.BACKING),
          of("qcow2-snapshot", "qcow2", 4096, 32, "", Trait.SNAPSHOT),
          of("qcow2-full", "qcow2", 512, 4096, "refcount_bits=64", Trait.FULL_TABLE),
          of("parallels", "parallels", 4096, 32, ""),
          of("qcow", "qcow", 4096, 32, ""),
          of("qcow-compressed", "qcow", 4096, 32, "", Trait.COMPRESSED),
          of("qcow-backing", "qcow", 512, 128, "", Trait.BACKING),
          of("qed", "qed", 4096, 32, "table_size=1"),
          of("qed-backing", "qed", 4096, 32, "table_size=1", Trait.BACKING),
          of("luks", "luks", 4096, 32, "key-secret=key,cipher-alg=aes-128,iter-time=10"),
          of("vdi", "vdi", 1 << 20, 10, ""),
          of("vhdx", "vhdx", 1 << 20, 10, ""),
          of("vmdk", "vmdk", 1 << 16, 20, ""),
          of("vmdk-zeroed", "vmdk", 1 << 16, 20, "zeroed_grain=on"),
          of("vpc", "vpc", 2 << 20, 9, "force_size=on"));

  private static ImageKind of(
      String name, String format, int clusterSize, int clusters, String options, Trait... traits) {
    Set<Trait> all = EnumSet.noneOf(Trait.class);
    all.addAll(List.of(traits));
    return new ImageKind(name, format, clusterSize, clusters, options, all);
  }

  /** The kind of that name. */
  public static ImageKind named(String name) {
    for (ImageKind kind : ALL) {
      if (kind.name.equals(name)) {
        return kind;
      }
    }
    throw new IllegalArgumentException("No kind " + name);
  }

  /** Whether it is so. */
  public boolean has(Trait trait) {
    return traits.contains(trait);
  }

  /** Whether its format is qcow2. */
  public boolean isQcow2() {
    return format.equals("qcow2");
  }

  /** Whether a check can repair what it finds, leaks included. */
  boolean isRepairable() {
    return isQcow2() || format.equals("parallels");
  }

  /** Whether an image that was not closed has to be opened for writing before it can be read. */
  public boolean replaysLog() {
    return format.equals("vhdx");
  }

  /** The creation option that says how large a cluster is, or none if the format says that. */
  private String clusterOption() {
    return switch (format) {
      case "qcow2", "parallels", "qed" -> "cluster_size";
      case "vhdx" -> "block_size";
      default -> "";
    };
  }

  /** The blocks of a cluster. */
  public int clusterBlocks() {
    return clusterSize / GuestModel.BLOCK;
  }

  /** The blocks of the guest disk. */
  public int blocks() {
    return clusters * clusterBlocks();
  }

  /** Names and values of the options that create it, in turn. */
  public String[] creation() {
    var all = new ArrayList<String>();
    all.add("size");
    all.add(String.valueOf((long) clusters * clusterSize));
    if (!clusterOption().isEmpty()) {
      all.add(clusterOption());
      all.add(String.valueOf(clusterSize));
    }
    if (!options.isEmpty()) {
      all.addAll(List.of(options.split("[=,]", -1)));
    }
    if (has(Trait.DATA_FILE)) {
      all.addAll(List.of("data_file", Stage.DATA));
    }
    if (has(Trait.BACKING)) {
      all.addAll(List.of("backing_file", Stage.BASE, "backing_fmt", "qcow2"));
    }
    return all.toArray(String[]::new);
  }
}
