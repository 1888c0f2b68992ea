// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import static dev.strata.block.Errno.EOPNOTSUPP;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.layout.StructReader;
import dev.strata.block.layout.StructWriter;

/**
 * What the metadata say of the disk.
 *
 * @param blockSize in bytes, a power of two from 1 to 256 MiB
 * @param diskSize in bytes
 * @param sectorSize logical, 512 or 4096 bytes
 * @see "[MS-VHDX] 2.6, Metadata Region"
 */
record VhdxMetadata(int blockSize, long diskSize, int sectorSize) {
  static final int MIN_BLOCK = 1 << 20;
  static final int MAX_BLOCK = 256 << 20;
  static final long MAX_SIZE = 64L << 40;

  private static final int TABLE_BYTES = 64 << 10;
  private static final long SIGNATURE = 0x617461646174656dL; // "metadata"
  private static final int MAX_ENTRIES = 2047;
  private static final long REQUIRED = 4;
  private static final long OF_DISK = 2;
  private static final long HAS_PARENT = 2;

  private static final Guid FILE_PARAMETERS = Guid.of("caa16737-fa36-4d43-b3b6-33f0aa44e76b");
  private static final Guid DISK_SIZE = Guid.of("2fa54224-cd1b-4876-b211-5dbed83bf4b8");
  private static final Guid DISK_ID = Guid.of("beca12ab-b2e6-4523-93ef-c309e000c746");
  private static final Guid LOGICAL_SECTOR = Guid.of("8141bf1d-a96f-4709-ba47-f233a8faab5f");
  private static final Guid PHYSICAL_SECTOR = Guid.of("cda348c7-445d-4471-9cc9-e9885251c556");
  private static final Guid PARENT_LOCATOR = Guid.of("a8d35f2d-b30b-454d-abf7-d3d84834ab0c");

  /** Reads the items one by one, as the table lists them. */
  private static final class Items {
    private final Child file;
    private final Regions regions;
    private long blockSize = -1;
    private long flags;
    private long diskSize = -1;
    private long sectorSize = -1;

    Items(Child file, Regions regions) {
      this.file = file;
      this.regions = regions;
    }

    void take(Guid id, long offset, long length, boolean required) throws BlockException {
      if (id.equals(FILE_PARAMETERS)) {
        StructReader in = item(offset, length, 8);
        blockSize = in.u32("BlockSize");
        flags = in.u32("flags");
      } else if (id.equals(DISK_SIZE)) {
        diskSize = item(offset, length, 8).u64("VirtualDiskSize");
      } else if (id.equals(LOGICAL_SECTOR)) {
        sectorSize = item(offset, length, 4).u32("LogicalSectorSize");
      } else if (required
          && !id.equals(DISK_ID)
          && !id.equals(PHYSICAL_SECTOR)
          && !id.equals(PARENT_LOCATOR)) {
        throw BlockException.of(EOPNOTSUPP, "Could not open '" + file.filename() + "'");
      }
    }

    private StructReader item(long offset, long length, int bytes) throws BlockException {
      if (offset < TABLE_BYTES || length < bytes || offset + length > regions.metadataLength()) {
        throw VhdxImage.invalid(file);
      }
      byte[] value = new byte[bytes];
      file.read(regions.metadataOffset() + offset, value, 0);
      return StructReader.littleEndian(value);
    }
  }

  static VhdxMetadata read(Child file, Regions regions) throws BlockException {
    byte[] table = new byte[TABLE_BYTES];
    file.read(regions.metadataOffset(), table, 0);
    var in = StructReader.littleEndian(table);
    long signature = in.u64("Signature"); //         0
    in.skip("Reserved", 2); //                       8
    int count = in.u16("EntryCount"); //            10
    in.skip("Reserved2", 20); //                    12
    if (signature != SIGNATURE || count > MAX_ENTRIES) {
      throw VhdxImage.invalid(file);
    }
    var items = new Items(file, regions);
    for (int i = 0; i < count && in.remaining() >= 32; i++) {
      Guid id = Guid.read(in, "ItemId");
      long offset = in.u32("Offset");
      long length = in.u32("Length");
      long flags = in.u32("flags");
      in.skip("Reserved2", 4);
      items.take(id, offset, length, (flags & REQUIRED) != 0);
    }
    return checked(file, items);
  }

  private static VhdxMetadata checked(Child file, Items items) throws BlockException {
    if ((items.flags & HAS_PARENT) != 0) {
      throw BlockException.of(EOPNOTSUPP, "Could not open '" + file.filename() + "'");
    }
    boolean right =
        items.blockSize >= MIN_BLOCK
            && items.blockSize <= MAX_BLOCK
            && Long.bitCount(items.blockSize) == 1
            && (items.sectorSize == 512 || items.sectorSize == 4096)
            && items.diskSize >= 0
            && items.diskSize <= MAX_SIZE
            && items.diskSize % items.sectorSize == 0;
    if (!right) {
      throw VhdxImage.invalid(file);
    }
    return new VhdxMetadata((int) items.blockSize, items.diskSize, (int) items.sectorSize);
  }

  /** Fills the start of the region: the table and the items, for a disk with that identifier. */
  byte[] encode(Guid diskId, boolean fixed) {
    byte[] region = new byte[TABLE_BYTES + 64];
    var out = StructWriter.littleEndian(region);
    out.u64(SIGNATURE).u16(0).u16(5).zeroes(20);
    entry(out, FILE_PARAMETERS, 0, 8, REQUIRED);
    entry(out, DISK_SIZE, 8, 8, REQUIRED | OF_DISK);
    entry(out, DISK_ID, 16, 16, REQUIRED | OF_DISK);
    entry(out, LOGICAL_SECTOR, 32, 4, REQUIRED | OF_DISK);
    entry(out, PHYSICAL_SECTOR, 36, 4, REQUIRED | OF_DISK);
    out.seek(TABLE_BYTES)
        .u32(blockSize)
        .u32(fixed ? 1 : 0)
        .u64(diskSize)
        .bytes(diskId.bytes())
        .u32(sectorSize)
        .u32(sectorSize);
    return region;
  }

  private static void entry(StructWriter out, Guid id, int offset, int length, long flags) {
    out.bytes(id.bytes()).u32(TABLE_BYTES + offset).u32(length).u32(flags).u32(0);
  }

  /** After so many payload entries the BAT has one for a bitmap of sectors. */
  int chunkRatio() {
    return (int) ((1L << 23) * sectorSize / blockSize);
  }

  long blocks() {
    return (diskSize + blockSize - 1) / blockSize;
  }

  /** How many entries the BAT needs. */
  long batEntries() {
    long blocks = blocks();
    return blocks == 0 ? 0 : blocks + (blocks - 1) / chunkRatio();
  }
}
