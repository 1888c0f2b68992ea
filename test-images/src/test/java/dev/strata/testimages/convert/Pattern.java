// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.convert;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** What a disk holds: cases that formats have different ways to store. */
enum Pattern {
  /** Nothing was ever written. */
  EMPTY(4 << 20) {
    @Override
    void fill(RandomAccessFile disk) {}
  },
  /** No byte can be left out. */
  FULL(3 << 20) {
    @Override
    void fill(RandomAccessFile disk) throws IOException {
      data(disk, 0, size());
    }
  },
  /** Every other 64 KiB, in a format with larger clusters half of each. */
  ALTERNATING(4 << 20) {
    @Override
    void fill(RandomAccessFile disk) throws IOException {
      for (int at = 1 << 16; at < size(); at += 2 << 16) {
        data(disk, at, 1 << 16);
      }
    }
  },
  /** A sector here and there, the last one too. */
  SPARSE(17 << 20) {
    @Override
    void fill(RandomAccessFile disk) throws IOException {
      for (int at = SECTOR; at < size(); at += (3 << 20) + 5 * SECTOR) {
        data(disk, at, SECTOR);
      }
      data(disk, size() - SECTOR, SECTOR);
    }
  },
  /** The end is within a cluster of every format. */
  UNALIGNED_END((3 << 20) + 7 * 512) {
    @Override
    void fill(RandomAccessFile disk) throws IOException {
      data(disk, 0, 1 << 16);
      data(disk, (3 << 20) - SECTOR, 8 * SECTOR);
    }
  },
  /** Zeroes over data, in whole clusters, in parts of them and over nothing. */
  ZEROES_WRITTEN(6 << 20) {
    @Override
    void fill(RandomAccessFile disk) throws IOException {
      data(disk, 0, 4 << 20);
    }

    @Override
    List<String> commands() {
      return List.of(
          "write -z 0 1M", "write -z 1100k 3k", "write -z 2M 1536k", "write -z 5M 64k", "flush");
    }
  };

  private static final int SECTOR = 512;

  private final int size;

  Pattern(int size) {
    this.size = size;
  }

  /** Of the disk in bytes. */
  int size() {
    return size;
  }

  abstract void fill(RandomAccessFile disk) throws IOException;

  /** What is done by {@code qemu-io} to the image then. */
  List<String> commands() {
    return List.of();
  }

  /** Makes the disk. */
  void write(Path to) throws IOException {
    try (var disk = new RandomAccessFile(to.toFile(), "rw")) {
      disk.setLength(size);
      fill(disk);
    }
  }

  private static void data(RandomAccessFile disk, int at, int length) throws IOException {
    var bytes = new byte[length];
    new Random(at + 1L).nextBytes(bytes);
    disk.seek(at);
    disk.write(bytes);
  }
}
