// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A bzImage with its initial RAM disk and command line, and where each part goes.
 *
 * @param setup the real-mode part, patched as a boot loader does
 * @param commandLine with its zero at the end
 * @param kernel the protected-mode part
 * @see "Linux, Documentation/arch/x86/boot.rst"
 */
public record LinuxKernel(byte[] setup, byte[] commandLine, byte[] kernel, byte[] initrd)
    implements BootKernel {
  /** Where the real-mode part goes. */
  public static final long SETUP_ADDRESS = 0x10000;

  /** Where the command line goes. */
  public static final long COMMAND_LINE_ADDRESS = 0x20000;

  /** Where the protected-mode part goes. */
  public static final long KERNEL_ADDRESS = 0x100000;

  private static final int SETUP_SECTORS = 0x1f1;
  private static final int SIGNATURE = 0x202;
  private static final int VERSION = 0x206;
  private static final int LOADER = 0x210;
  private static final int LOAD_FLAGS = 0x211;
  private static final int RAM_DISK = 0x218;
  private static final int RAM_DISK_SIZE = 0x21c;
  private static final int HEAP_END = 0x224;
  private static final int COMMAND_LINE = 0x228;
  private static final int RAM_DISK_MAXIMUM = 0x22c;

  private static final int LOADED_HIGH = 1;
  private static final int CAN_USE_HEAP = 0x80;
  private static final int UNREGISTERED_LOADER = 0xff;
  private static final int MOST_COMMAND_LINE = 0xffff;

  /**
   * A kernel, ready to be loaded.
   *
   * @param image the bzImage
   * @param initrd perhaps empty
   * @param memoryBelow bytes of RAM from address 0 on, below 4 GiB
   */
  public static LinuxKernel of(byte[] image, byte[] initrd, String commandLine, long memoryBelow)
      throws BlockException {
    var header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    if (image.length < 0x260 || header.getInt(SIGNATURE) != 0x53726448) { // "HdrS"
      throw new BlockException(Errno.EINVAL, "invalid kernel header");
    }
    int version = header.getShort(VERSION) & 0xffff;
    if (version < 0x203 || (header.get(LOAD_FLAGS) & LOADED_HIGH) == 0) {
      throw new BlockException(
          Errno.EINVAL,
          "boot protocol 2." + (version & 0xff) + " is older than 2.3, or the kernel is a zImage");
    }
    int sectors = header.get(SETUP_SECTORS) & 0xff;
    int setupLength = 512 * ((sectors == 0 ? 4 : sectors) + 1);
    if (setupLength > image.length) {
      throw new BlockException(Errno.EINVAL, "invalid kernel header");
    }
    byte[] text = (commandLine + "\0").getBytes(UTF_8);
    if (text.length > MOST_COMMAND_LINE) {
      throw new BlockException(Errno.EINVAL, "the command line is longer than 65534 bytes");
    }
    byte[] setup = Arrays.copyOf(image, setupLength);
    byte[] kernel = Arrays.copyOfRange(image, setupLength, image.length);
    var fields = ByteBuffer.wrap(setup).order(ByteOrder.LITTLE_ENDIAN);
    fields.put(LOADER, (byte) UNREGISTERED_LOADER);
    fields.put(LOAD_FLAGS, (byte) (fields.get(LOAD_FLAGS) | CAN_USE_HEAP));
    fields.putShort(HEAP_END, (short) (LinuxRom.STACK - 0x200));
    fields.putInt(COMMAND_LINE, (int) COMMAND_LINE_ADDRESS);
    if (initrd.length > 0) {
      long maximum = fields.getInt(RAM_DISK_MAXIMUM) & 0xffffffffL;
      // Firmware keeps its own things at the end of RAM.
      long end = Math.min(maximum + 1, memoryBelow - (1 << 20));
      long address = end - initrd.length & ~4095L;
      if (address < KERNEL_ADDRESS + kernel.length) {
        throw new BlockException(Errno.ENOMEM, "kernel and initrd do not fit into RAM");
      }
      fields.putInt(RAM_DISK, (int) address);
      fields.putInt(RAM_DISK_SIZE, initrd.length);
    } else if (KERNEL_ADDRESS + kernel.length > memoryBelow - (1 << 20)) {
      throw new BlockException(Errno.ENOMEM, "the kernel does not fit into RAM");
    }
    return new LinuxKernel(setup, text, kernel, initrd);
  }

  @Override
  public String romFile() {
    return LinuxRom.FILE;
  }

  @Override
  public byte[] rom(FirmwareConfig items, int firstKey) {
    return LinuxRom.of(this, items, firstKey);
  }

  /** Where the initial RAM disk goes. */
  public long initrdAddress() {
    return ByteBuffer.wrap(setup).order(ByteOrder.LITTLE_ENDIAN).getInt(RAM_DISK) & 0xffffffffL;
  }
}
