// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware.multiboot;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * What of a kernel's file goes where.
 *
 * @param entry the physical address at which it is entered
 */
record KernelProgram(List<LoadSegment> segments, long entry) {
  /** What is loaded of a file is in fewer parts than this, or it is no kernel. */
  static final int MOST_SEGMENTS = 64;

  // ELF, "Tool Interface Standard, ELF Specification 1.2", figures 1-3 and 2-1.
  private static final int ELF_HEADER = 52;
  private static final int ELF_MAGIC = 0x464c457f;
  private static final int CLASS_32 = 1;
  private static final int LITTLE_ENDIAN = 1;
  private static final int MACHINE_386 = 3;
  private static final int MACHINE_X86_64 = 62;
  private static final int PROGRAM_HEADER = 32;
  private static final int LOADABLE = 1;

  /** As the header's addresses have it. */
  static KernelProgram ofAddresses(MultibootHeader header, int fileLength) throws BlockException {
    long load = header.loadAddress();
    if (load > header.headerAddress()) {
      throw new BlockException(Errno.EINVAL, "invalid load_addr address");
    }
    long offset = header.offset() - (header.headerAddress() - load);
    if (offset < 0) {
      throw new BlockException(Errno.EINVAL, "invalid header_addr address");
    }
    long loadEnd = header.loadEndAddress();
    if (loadEnd != 0 && loadEnd < load) {
      throw new BlockException(Errno.EINVAL, "invalid load_end_addr address");
    }
    long length = loadEnd == 0 ? fileLength - offset : loadEnd - load;
    long memoryEnd = header.bssEndAddress();
    if (memoryEnd != 0 && memoryEnd < load + length) {
      throw new BlockException(Errno.EINVAL, "invalid bss_end_addr address");
    }
    if (length > fileLength - offset) {
      throw new BlockException(Errno.EINVAL, "fread() failed");
    }
    long memoryLength = memoryEnd == 0 ? length : memoryEnd - load;
    var only = new LoadSegment(load, (int) offset, (int) length, memoryLength);
    return new KernelProgram(List.of(only), header.entryAddress());
  }

  private static BlockException wrongElf() {
    return new BlockException(Errno.EINVAL, "Error while loading elf kernel");
  }

  /** As an ELF file for the i386 has it. */
  static KernelProgram ofElf(byte[] image) throws BlockException {
    var in = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    if (image.length < ELF_HEADER || in.getInt(0) != ELF_MAGIC) {
      throw wrongElf();
    }
    if (in.getShort(18) == MACHINE_X86_64) {
      throw new BlockException(Errno.EINVAL, "Cannot load x86-64 image, give a 32bit one.");
    }
    if (in.get(4) != CLASS_32 || in.get(5) != LITTLE_ENDIAN || in.getShort(18) != MACHINE_386) {
      throw wrongElf();
    }
    long entry = in.getInt(24) & 0xffffffffL;
    long headers = in.getInt(28) & 0xffffffffL;
    int count = in.getShort(44) & 0xffff;
    if (headers + (long) count * PROGRAM_HEADER > image.length) {
      throw wrongElf();
    }
    var segments = new ArrayList<LoadSegment>();
    long physicalEntry = entry;
    for (int index = 0; index < count; index++) {
      int at = (int) headers + index * PROGRAM_HEADER;
      if (in.getInt(at) != LOADABLE) {
        continue;
      }
      LoadSegment segment = segment(in, at);
      segments.add(segment);
      long inside = entry - (in.getInt(at + 8) & 0xffffffffL); // from p_vaddr on
      if (inside >= 0 && inside < segment.length()) {
        physicalEntry = segment.address() + inside;
      }
    }
    if (segments.isEmpty() || segments.size() > MOST_SEGMENTS) {
      throw wrongElf();
    }
    return new KernelProgram(segments, physicalEntry);
  }

  private static LoadSegment segment(ByteBuffer in, int at) throws BlockException {
    long offset = in.getInt(at + 4) & 0xffffffffL;
    long address = in.getInt(at + 12) & 0xffffffffL; // p_paddr
    long length = in.getInt(at + 16) & 0xffffffffL;
    long memoryLength = in.getInt(at + 20) & 0xffffffffL;
    if (offset + length > in.capacity() || length > memoryLength) {
      throw wrongElf();
    }
    return new LoadSegment(address, (int) offset, (int) length, memoryLength);
  }
}
