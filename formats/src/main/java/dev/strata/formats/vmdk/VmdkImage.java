// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.Limits;
import dev.strata.block.RequestFlags;
import dev.strata.block.driver.Allocation;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.driver.MappedImage;
import dev.strata.block.driver.Mapping;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.json.JsonArray;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;
import dev.strata.block.option.BlockOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An open disk: extents one after the other.
 *
 * <p>Before the first write after opening, the content's identifier is changed, so that children of
 * this disk see that they are no longer about the same content.
 */
final class VmdkImage extends MappedImage implements Checkable, ImageInfo {
  private final DescriptorPlace place;
  private final String createType;
  private final List<VmdkExtent> extents;
  private final long[] ends; // of the extents, in guest bytes
  private final long granularity;
  private final @Nullable BackingReference backing;
  private final long parentCid;
  private volatile long cid;
  private volatile boolean changed; // the identifier tells of a change
  private volatile boolean parentChecked;

  VmdkImage(OpenContext context, DescriptorPlace place, String createType, List<VmdkExtent> extents)
      throws BlockException {
    super(context);
    this.place = place;
    this.createType = createType;
    this.extents = extents;
    this.ends = new long[extents.size()];
    long end = 0;
    for (int i = 0; i < ends.length; i++) {
      end += extents.get(i).length();
      VmdkExtent.checkSize(end < 0 ? -1 : end / VmdkExtent.SECTOR);
      ends[i] = end;
    }
    this.granularity = granularity(end);
    VmdkDescriptor descriptor = place.read();
    try {
      this.cid = descriptor.cid();
      this.parentCid = descriptor.parentCid();
    } catch (BlockException e) {
      throw BlockException.of(e.errno(), "Could not open '" + place.file().filename() + "'");
    }
    String hint = descriptor.parentFileNameHint();
    this.backing = hint == null ? null : new BackingReference(hint, "vmdk");
  }

  /**
   * The grain; all of the disk where grains differ, or lie across the borders that they would have
   * if the disk had only such.
   */
  private long granularity(long length) {
    long grain = 0;
    boolean even = true;
    for (int i = 0; i < ends.length; i++) {
      long own = extents.get(i).grain();
      if (own != 0) {
        even &= (grain == 0 || grain == own) && start(i) % own == 0;
        grain = own;
      }
    }
    if (grain == 0) {
      return VmdkExtent.SECTOR;
    }
    return even ? grain : Math.max(length, VmdkExtent.SECTOR);
  }

  @Override
  public @Nullable BackingReference backing() {
    return backing;
  }

  @Override
  public long length() {
    return ends.length == 0 ? 0 : ends[ends.length - 1];
  }

  @Override
  public Limits limits() {
    Limits limits = Limits.NONE.withWriteFlags(RequestFlags.COMPRESSED);
    return marksZeroes() ? limits.withWriteZeroes(granularity, 0, 0) : limits;
  }

  /** Whether every part of the disk can be marked as zeroes. */
  private boolean marksZeroes() {
    for (VmdkExtent extent : extents) {
      if (!extent.marksZeroes() || extent.grain() != granularity) {
        return false;
      }
    }
    return !extents.isEmpty();
  }

  @Override
  public boolean readsZeroAfterCreate() {
    for (VmdkExtent extent : extents) {
      if (extent.grain() == 0 && !extent.file().readsZeroAfterCreate()) {
        return false;
      }
    }
    return true;
  }

  @Override
  protected long granularity() {
    return granularity;
  }

  @Override
  protected boolean hasHoles() {
    return isFlat();
  }

  private boolean isFlat() {
    for (VmdkExtent extent : extents) {
      if (extent.grain() != 0) {
        return false;
      }
    }
    return true;
  }

  /** The number of the extent that a guest byte lies in. */
  private int extentAt(long guestOffset) {
    int low = 0;
    int high = ends.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (guestOffset < ends[middle]) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private long start(int index) {
    return index == 0 ? 0 : ends[index - 1];
  }

  @Override
  protected Mapping map(long guestOffset, long length) throws BlockException {
    int index = extentAt(guestOffset);
    long offset = guestOffset - start(index);
    return extents.get(index).map(offset, Math.min(length, ends[index] - guestOffset));
  }

  @Override
  protected Allocation allocate(long guestOffset, long length, boolean continues)
      throws BlockException {
    beforeChange();
    int index = extentAt(guestOffset);
    long start = start(index);
    checkParent();
    return extents
        .get(index)
        .allocate(start, guestOffset - start, Math.min(length, ends[index] - guestOffset));
  }

  @Override
  protected void beforeWriteInPlace(long guestOffset, long hostOffset, long length)
      throws BlockException {
    beforeChange();
  }

  @Override
  protected boolean storesEncoded() {
    return extents.size() == 1 && extents.getFirst().isCompressed();
  }

  @Override
  protected void readEncoded(long guestOffset, IoVector into) throws BlockException {
    int index = extentAt(guestOffset);
    extents.get(index).readEncoded(guestOffset - start(index), into);
  }

  @Override
  protected boolean writeEncoded(long guestOffset, IoVector from) throws BlockException {
    if (!storesEncoded()) {
      return false;
    }
    beforeChange();
    int index = extentAt(guestOffset);
    VmdkExtent extent = extents.get(index);
    if (!(extent.map(guestOffset - start(index), 1) instanceof Mapping.Backing)) {
      context().warn("Could not write to allocated cluster for streamOptimized");
      throw BlockException.of(Errno.EIO);
    }
    extent.writeEncoded(guestOffset, guestOffset - start(index), from);
    return true;
  }

  @Override
  protected void zeroRange(long guestOffset, long length, int flags) throws BlockException {
    if (!marksZeroes() || guestOffset % granularity != 0 || length % granularity != 0) {
      throw BlockException.of(Errno.EOPNOTSUPP);
    }
    beforeChange();
    for (long done = 0; done < length; ) {
      int index = extentAt(guestOffset + done);
      long offset = guestOffset + done - start(index);
      long part = Math.min(length - done, ends[index] - guestOffset - done);
      extents.get(index).markZeroes(offset, part);
      done += part;
    }
  }

  /** The parent's content has to be what it was when this disk was made. */
  @Override
  protected void beforeReadingBacking() throws BlockException {
    checkParent();
  }

  private void checkParent() throws BlockException {
    Child parent = context().backing();
    if (parentChecked || parent == null) {
      return;
    }
    VmdkImage image = parent.capability(VmdkImage.class).orElse(null);
    if (image == null || image.cid != parentCid) {
      throw BlockException.of(Errno.EINVAL);
    }
    parentChecked = true;
  }

  private void beforeChange() throws BlockException {
    if (!changed) {
      changeCid();
    }
  }

  private synchronized void changeCid() throws BlockException {
    if (!changed) {
      long next = context().stamp().newId().getMostSignificantBits() >>> 32;
      VmdkDescriptor old = place.read();
      place.write(old.withCid(next), old.text().length());
      cid = next;
      changed = true;
    }
  }

  /** The identifier of the content. */
  long cid() {
    return cid;
  }

  @Override
  public void flush() throws BlockException {
    for (VmdkExtent extent : extents) {
      extent.flush();
    }
  }

  @Override
  public long clusterSize() {
    for (VmdkExtent extent : extents) {
      if (extent.grain() != extents.getFirst().grain()) {
        return 0;
      }
    }
    return extents.isEmpty() ? 0 : extents.getFirst().grain();
  }

  @Override
  public boolean needsCompressedWrites() {
    return storesEncoded();
  }

  @Override
  public JsonValue formatSpecific() {
    var list = new JsonArray();
    for (VmdkExtent extent : extents) {
      var one = new JsonObject();
      one.put("virtual-size", extent.length());
      one.put("filename", extent.file().filename());
      one.put("format", extent.type());
      if (extent.grain() != 0) {
        one.put("cluster-size", extent.grain());
      }
      if (extent.isCompressed()) {
        one.put("compressed", true);
      }
      list.add(one);
    }
    var data = new JsonObject();
    data.put("create-type", createType);
    data.put("cid", cid);
    data.put("parent-cid", parentCid);
    data.put("extents", list);
    return new JsonObject().put("type", "vmdk").put("data", data);
  }

  @Override
  public Result check(Repair repair, Listener listener) throws BlockException {
    if (repair != Repair.NONE) {
      throw new BlockException(Errno.EOPNOTSUPP, "This image format does not support checks");
    }
    flush();
    alone(() -> {
      for (int i = 0; i < ends.length; i++) {
        checkExtent(i, listener);
      }
    });
    return new Result(0, 0, 0, 0, 0, 0, -1, -1, -1, -1);
  }

  /** Ends at the first finding, as the reference does. */
  private void checkExtent(int index, Listener listener) throws BlockException {
    VmdkExtent extent = extents.get(index);
    long beyond = extent.firstGrainBeyond();
    if (beyond >= 0) {
      long sector = (start(index) + beyond * extent.grain()) / VmdkExtent.SECTOR;
      listener.found("ERROR: cluster offset for sector " + sector + " points after EOF");
      throw BlockException.of(Errno.EINVAL);
    }
    long most = extent.mappableGrains();
    if (extent.grain() != 0 && most < (extent.length() + extent.grain() - 1) / extent.grain()) {
      long sector = (start(index) + most * extent.grain()) / VmdkExtent.SECTOR;
      listener.found("ERROR: could not get cluster_offset for sector " + sector);
      throw BlockException.of(Errno.EPERM);
    }
  }

  @Override
  public Undo reopen(NodeFlags flags, BlockOptions options) throws BlockException {
    if (flags.writable()) {
      for (VmdkExtent extent : extents) {
        VmdkOpening.checkWritable(extent);
      }
    }
    return Undo.NOTHING;
  }

  @Override
  public void close() throws BlockException {
    try {
      flush();
    } finally {
      for (VmdkExtent extent : extents) {
        extent.close();
      }
    }
  }
}
