// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Part of a file that this process has mapped to read and write, shared with whoever has the file.
 *
 * <p>Its owner may make the file shorter at any time, unless it is sealed. Then a load or store of
 * Java throws an {@link InternalError}, but native code behind it (zlib, the JVM's own loops over
 * memory) ends the process. System calls fail with EFAULT, those of {@link ProcessMemory} too.
 *
 * <p>{@link #close} unmaps. Nothing may use the memory then; only those who hold a segment know
 * whether somebody does.
 */
public final class SharedMemory implements AutoCloseable {
  private static final long READ_AND_WRITE = 3; // PROT_READ | PROT_WRITE
  private static final long MAP_SHARED = 1;
  private static final int F_GET_SEALS = 1034;
  private static final int F_SEAL_SHRINK = 2;

  private final MemorySegment mapped; // whole pages
  private final MemorySegment segment;
  private final boolean constant;
  private final Arena arena;

  private SharedMemory(Arena arena, MemorySegment mapped, MemorySegment segment, boolean constant) {
    this.arena = arena;
    this.mapped = mapped;
    this.segment = segment;
    this.constant = constant;
  }

  /**
   * Maps part of a file. The descriptor is not needed afterwards.
   *
   * @param offset in bytes; need not be a page's start
   * @param length in bytes, more than 0
   * @throws BlockException EINVAL if that is not inside the file; what the system has against it
   */
  // One of the doors: Posix.isAvailable asks for the permission. The memory closes the arena.
  @SuppressWarnings({"restricted", "MustBeClosedChecker"})
  public static SharedMemory map(FileDescriptor file, long offset, long length)
      throws BlockException {
    FileStatus status = file.status();
    if (!status.isRegularFile()
        || offset < 0
        || length <= 0
        || length > status.size()
        || offset > status.size() - length) {
      throw BlockException.of(Errno.EINVAL);
    }
    // A huge page is mapped as a whole; its file system has it as the size of a block.
    int block = status.preferredBlockSize();
    long page = Math.max(Posix.pageSize(), Integer.bitCount(block) == 1 ? block : 0);
    long start = offset & -page;
    long end;
    try {
      end = Math.addExact(offset + length, page - 1) & -page;
    } catch (ArithmeticException e) {
      throw BlockException.of(Errno.EINVAL).causedBy(e);
    }
    long address =
        SystemCall.checked(
            SystemCall.call(
                Scratch.ofThread(),
                SystemCall.MMAP,
                0,
                end - start,
                READ_AND_WRITE,
                MAP_SHARED,
                file.number(),
                start));
    long seals = SystemCall.call(SystemCall.FCNTL, file.number(), F_GET_SEALS);
    Arena arena = Arena.ofShared();
    MemorySegment mapped =
        MemorySegment.ofAddress(address).reinterpret(end - start, arena, SharedMemory::unmap);
    return new SharedMemory(
        arena,
        mapped,
        mapped.asSlice(offset - start, length),
        seals >= 0 && (seals & F_SEAL_SHRINK) != 0);
  }

  private static void unmap(MemorySegment pages) {
    long result = SystemCall.call(SystemCall.MUNMAP, pages.address(), pages.byteSize());
    if (result < 0) {
      throw new IllegalStateException("munmap: " + Errno.of((int) -result).text());
    }
  }

  /** The memory. */
  public MemorySegment segment() {
    return segment;
  }

  /** Whether nobody can take memory away: the file is sealed against getting shorter. */
  public boolean isConstant() {
    return constant;
  }

  @Override
  public void close() {
    if (mapped.scope().isAlive()) {
      arena.close();
    }
  }
}
