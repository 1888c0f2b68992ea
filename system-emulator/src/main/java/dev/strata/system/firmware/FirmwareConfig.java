// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.system.device.Device;
import dev.strata.system.memory.DeviceMemory;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The fw_cfg device: what the board tells its firmware, as numbered items, some of which are files.
 * Items are added before the guest runs. Thread-safe from then on.
 *
 * @see "QEMU docs/specs/fw_cfg"
 */
public final class FirmwareConfig implements Device {
  /** The selector's port; data is at the next one. */
  public static final int PORT = 0x510;

  /** The port of the address of a DMA operation. */
  public static final int DMA_PORT = 0x514;

  private static final int SIGNATURE = 0;
  private static final int FEATURES = 1;
  private static final int DIRECTORY = 0x19;
  private static final int FIRST_FILE = 0x20;
  private static final int NAME_BYTES = 56;

  private static final int ERROR = 1;
  private static final int READ = 2;
  private static final int SKIP = 4;
  private static final int SELECT = 8;
  private static final int WRITE = 16;

  private static final long DMA_SIGNATURE = 0x51454d5520434647L;

  private record File(String name, int size) {}

  private final DeviceMemory memory;
  private final Map<Integer, byte[]> items = new HashMap<>();
  private final List<File> files = new ArrayList<>();
  private int selectedKey;
  private byte[] selected = new byte[0];
  private long offset;
  private long dmaAddress;

  /** A device with no items but its own. */
  public FirmwareConfig(DeviceMemory memory) {
    this.memory = memory;
    items.put(SIGNATURE, "QEMU".getBytes(US_ASCII));
    items.put(FEATURES, new byte[] {3, 0, 0, 0});
    items.put(DIRECTORY, new byte[4]);
  }

  /** Adds or replaces an item; nothing may write it. */
  public void item(int key, byte[] content) {
    items.put(key, content);
  }

  /** An item of two bytes. */
  public void item16(int key, int value) {
    item(key, new byte[] {(byte) value, (byte) (value >> 8)});
  }

  /** An item of four bytes. */
  public void item32(int key, long value) {
    item(
        key,
        new byte[] {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)});
  }

  /** An item of eight bytes. */
  public void item64(int key, long value) {
    var bytes = new byte[8];
    for (int at = 0; at < 8; at++) {
      bytes[at] = (byte) (value >> (8 * at));
    }
    item(key, bytes);
  }

  /**
   * Adds a file.
   *
   * @param name at most 55 characters of ASCII
   */
  public void file(String name, byte[] content) {
    if (name.length() >= NAME_BYTES) {
      throw new IllegalArgumentException(name);
    }
    item(FIRST_FILE + files.size(), content);
    files.add(new File(name, content.length));
    var directory = ByteBuffer.allocate(4 + 64 * files.size()); // big-endian, as specified
    directory.putInt(files.size());
    for (int index = 0; index < files.size(); index++) {
      File file = files.get(index);
      directory.putInt(file.size);
      directory.putShort((short) (FIRST_FILE + index));
      directory.putShort((short) 0);
      directory.put(file.name.getBytes(US_ASCII));
      directory.position(4 + 64 * (index + 1));
    }
    item(DIRECTORY, directory.array());
  }

  /** The files' sizes in bytes by their names, in the order in which they were added. */
  public Map<String, Integer> files() {
    var sizes = new LinkedHashMap<String, Integer>();
    files.forEach(file -> sizes.put(file.name, file.size));
    return sizes;
  }

  /** Whether there is a file of that name. */
  public boolean hasFile(String name) {
    return files.stream().anyMatch(file -> file.name.equals(name));
  }

  @Override
  public synchronized void reset() {
    select(SIGNATURE);
    dmaAddress = 0;
  }

  private void select(int key) {
    selectedKey = key;
    // Bit 14 once asked for writing.
    selected = items.getOrDefault(key & ~0x4000, new byte[0]);
    offset = 0;
  }

  /** The selector and the data register. */
  public MmioHandler ports() {
    return new MmioHandler() {
      @Override
      public long read(long register, int bytes) {
        synchronized (FirmwareConfig.this) {
          return offset < selected.length ? selected[(int) offset++] & 0xff : 0;
        }
      }

      @Override
      public void write(long register, int bytes, long value) {
        synchronized (FirmwareConfig.this) {
          // A byte is data, and no item can be written.
          if (register == 0 && bytes == 2) {
            select((int) value & 0xffff);
          }
        }
      }
    };
  }

  /** The DMA address register: eight bytes, big-endian. */
  public MmioHandler dmaPorts() {
    return new MmioHandler() {
      @Override
      public long read(long register, int bytes) {
        long shifted = DMA_SIGNATURE >>> (8 * (8 - register - bytes));
        return switch (bytes) {
          case 1 -> shifted & 0xff;
          case 2 -> Short.reverseBytes((short) shifted) & 0xffff;
          case 4 -> Integer.reverseBytes((int) shifted) & 0xffffffffL;
          default -> Long.reverseBytes(DMA_SIGNATURE);
        };
      }

      @Override
      public void write(long register, int bytes, long value) {
        if (bytes != 4) {
          return;
        }
        synchronized (FirmwareConfig.this) {
          long half = Integer.reverseBytes((int) value) & 0xffffffffL;
          if (register == 0) {
            dmaAddress = half << 32;
          } else if (register == 4) {
            long address = dmaAddress | half;
            dmaAddress = 0;
            operate(address);
          }
        }
      }
    };
  }

  private void operate(long address) {
    if (address < 0 || memory.at(address, 16, false) == null) {
      return; // nowhere to say that this is an error
    }
    int control = Integer.reverseBytes((int) memory.read(address, 4));
    long length = Integer.reverseBytes((int) memory.read(address + 4, 4)) & 0xffffffffL;
    long target = Long.reverseBytes(memory.read(address + 8, 8));
    if ((control & SELECT) != 0) {
      select(control >>> 16);
    }
    boolean failed = false;
    if ((control & READ) != 0) {
      failed = !readInto(target, length);
    } else if ((control & WRITE) != 0) {
      failed = true; // no item can be written
    } else if ((control & SKIP) != 0) {
      offset += length;
    }
    memory.write(address, 4, Integer.reverseBytes(failed ? ERROR : 0) & 0xffffffffL);
  }

  private boolean readInto(long address, long length) {
    IoVector into = memory.at(address, length, true);
    if (into == null) {
      return false;
    }
    long present = Math.max(0, Math.min(length, selected.length - offset));
    if (present > 0) {
      into.copyFrom(0, MemorySegment.ofArray(selected).asSlice(offset, present));
    }
    into.slice(present, length - present).fill((byte) 0);
    offset += length;
    memory.written(address, length);
    return true;
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    int key = state.u16("selected", selectedKey);
    long at = state.within("offset", offset, 0, 1L << 48);
    dmaAddress = state.i64("DMA address", dmaAddress);
    if (state.isLoading()) {
      select(key);
      offset = at;
    }
  }
}
