// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware.multiboot;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.system.firmware.BootKernel;
import dev.strata.system.firmware.FirmwareConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A Multiboot kernel with its modules, and where each part goes: behind the kernel the modules,
 * each at a page's start, then the list of them and all texts.
 */
public final class MultibootKernel implements BootKernel {
  private static final String LOADER = "qemu"; // what the reference calls itself
  private static final String FILE = "genroms/multiboot.bin";
  private static final int PAGE = 4096;
  private static final int MODULE_ENTRY = 16;
  private static final int LOW_END = 0x9f000; // from here on the BIOS's
  private static final int HIGH = 0x100000;
  private static final int LOW_MEMORY = 0xa0000;
  private static final int FIRMWARE = 1 << 20; // bytes at RAM's end that firmware keeps
  private static final int MOST_BYTES = Integer.MAX_VALUE - (1 << 20); // of what is copied

  /** A part of what is copied: the next bytes of an item go to an address. */
  record Part(long address, byte[] bytes, int offset, int length) {}

  /** A range of memory that is cleared. */
  record Cleared(long address, long length) {}

  private final List<Part> parts = new ArrayList<>();
  private final List<Cleared> cleared = new ArrayList<>();

  private byte[] information = new byte[0];

  private MultibootKernel() {}

  /**
   * A kernel, ready to be loaded.
   *
   * @param header which the image has
   * @param memoryBelow bytes of RAM from address 0 on, below 4 GiB
   */
  public static MultibootKernel of(
      byte[] image,
      MultibootHeader header,
      String commandLine,
      List<BootModule> modules,
      long memoryBelow)
      throws BlockException {
    KernelProgram program =
        header.hasAddresses()
            ? KernelProgram.ofAddresses(header, image.length)
            : KernelProgram.ofElf(image);
    var kernel = new MultibootKernel();
    long end = kernel.place(image, program.segments(), memoryBelow - FIRMWARE);
    kernel.place(modules, commandLine, end, memoryBelow - FIRMWARE, program.entry());
    kernel.requireBounded();
    return kernel;
  }

  /** Segments may overlap in the file, so that their sum is not bounded by RAM. */
  private void requireBounded() throws BlockException {
    long sum = 0;
    for (Part part : parts) {
      sum += part.length();
    }
    if (sum > MOST_BYTES) {
      throw tooLarge();
    }
    if (parts.size() + cleared.size() > MultibootRom.MOST_OPERATIONS) {
      throw new BlockException(Errno.EINVAL, "the kernel has too many modules");
    }
  }

  private static BlockException tooLarge() {
    return new BlockException(Errno.ENOMEM, "kernel and modules do not fit into RAM");
  }

  /** Where the kernel ends. */
  private long place(byte[] image, List<LoadSegment> segments, long limit) throws BlockException {
    long end = HIGH;
    for (LoadSegment whole : segments) {
      // Between low memory and 1 MiB is no RAM: linkers put the ELF file's headers there.
      LoadSegment segment = whole.address() >= LOW_MEMORY ? whole.from(HIGH) : whole;
      if (segment.end() > limit) {
        throw tooLarge();
      }
      requireFree(segment);
      if (segment.length() > 0) {
        parts.add(new Part(segment.address(), image, segment.offset(), segment.length()));
      }
      long zeroes = segment.memoryLength() - segment.length();
      if (zeroes > 0) {
        cleared.add(new Cleared(segment.address() + segment.length(), zeroes));
      }
      end = Math.max(end, segment.end());
    }
    return end;
  }

  private static void requireFree(LoadSegment segment) throws BlockException {
    boolean high = segment.address() >= HIGH || segment.memoryLength() == 0;
    boolean low =
        segment.end() <= LOW_END
            && (segment.end() <= BootInformation.ADDRESS
                || segment.address() >= BootInformation.ADDRESS + BootInformation.SEGMENT);
    if (!high && !low) {
      throw new BlockException(
          Errno.EINVAL,
          "a part of the kernel for address 0x"
              + Long.toHexString(segment.address())
              + " would overwrite what it is started with");
    }
  }

  private static long nextPage(long address) {
    return address + PAGE - 1 & -PAGE;
  }

  private void place(
      List<BootModule> modules, String commandLine, long kernelEnd, long limit, long entry)
      throws BlockException {
    long at = nextPage(kernelEnd);
    var starts = new ArrayList<Long>();
    for (BootModule module : modules) {
      starts.add(at);
      parts.add(new Part(at, module.content(), 0, module.content().length));
      at = nextPage(at + module.content().length);
    }
    var texts = new ArrayList<byte[]>();
    long textBytes = 0;
    modules.forEach(module -> texts.add(text(module.text())));
    texts.add(text(commandLine));
    texts.add(text(LOADER));
    for (byte[] text : texts) {
      textBytes += text.length;
    }
    long tableBytes = (long) modules.size() * MODULE_ENTRY;
    if (at + tableBytes + textBytes > limit) {
      throw tooLarge();
    }
    var out = ByteBuffer.allocate((int) (tableBytes + textBytes)).order(ByteOrder.LITTLE_ENDIAN);
    long textAt = at + tableBytes;
    for (int index = 0; index < modules.size(); index++) {
      long start = starts.get(index);
      out.putInt((int) start).putInt((int) (start + modules.get(index).content().length));
      out.putInt((int) textAt).putInt(0);
      textAt += texts.get(index).length;
    }
    texts.forEach(out::put);
    parts.add(new Part(at, out.array(), 0, out.capacity()));
    long nameAt = textAt + texts.get(modules.size()).length;
    byte[] told = BootInformation.of(textAt, modules.size(), at, nameAt, entry);
    information = told;
  }

  private static byte[] text(String text) {
    return (text + "\0").getBytes(UTF_8);
  }

  /** What goes to {@link BootInformation#ADDRESS}. */
  byte[] information() {
    return information;
  }

  /** What is copied, in the order of {@link #content}. */
  List<Part> parts() {
    return parts;
  }

  /** What is cleared before that. */
  List<Cleared> cleared() {
    return cleared;
  }

  /** The bytes of all parts. */
  byte[] content() {
    int length = 0;
    for (Part part : parts) {
      length = Math.addExact(length, part.length());
    }
    var all = ByteBuffer.allocate(length);
    parts.forEach(part -> all.put(part.bytes(), part.offset(), part.length()));
    return all.array();
  }

  @Override
  public String romFile() {
    return FILE;
  }

  @Override
  public byte[] rom(FirmwareConfig items, int firstKey) {
    return MultibootRom.of(this, items, firstKey);
  }
}
