// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.vhost;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory that a front-end shares: a file without a name, mapped here. */
@SuppressWarnings("restricted") // a test plays another program
final class GuestPages implements AutoCloseable {
  private static final long READ_AND_WRITE = 3;
  private static final long SHARED = 1;
  private static final long ALLOW_SEALING = 2;
  private static final long F_ADD_SEALS = 1033;
  private static final long SEAL_SHRINK = 2;

  final int file;
  final long size;
  final MemorySegment bytes;

  private GuestPages(int file, long size) {
    this.file = file;
    this.size = size;
    long address = Kernel.call(Kernel.MMAP, 0, size, READ_AND_WRITE, SHARED, file, 0);
    this.bytes = MemorySegment.ofAddress(address).reinterpret(size);
  }

  static GuestPages of(long size, boolean sealed) {
    try (Arena arena = Arena.ofConfined()) {
      int file =
          (int)
              Kernel.call(
                  Kernel.MEMFD_CREATE, Kernel.text(arena, "guest").address(), ALLOW_SEALING);
      Kernel.call(Kernel.FTRUNCATE, file, size);
      if (sealed) {
        Kernel.call(Kernel.FCNTL, file, F_ADD_SEALS, SEAL_SHRINK);
      }
      return new GuestPages(file, size);
    }
  }

  /** Takes the memory away; whoever touches it then has a fault. */
  void truncate() {
    Kernel.call(Kernel.FTRUNCATE, file, 0);
  }

  @Override
  public void close() {
    Kernel.call(Kernel.MUNMAP, bytes.address(), size);
    Kernel.call(Kernel.CLOSE, file);
  }
}
