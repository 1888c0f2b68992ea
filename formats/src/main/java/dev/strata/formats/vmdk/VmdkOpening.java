// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import static dev.strata.block.Errno.EACCES;
import static dev.strata.block.Errno.EINVAL;
import static dev.strata.block.Errno.EOPNOTSUPP;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.OpenContext;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Opens a disk by the file that the user names: an extent with a descriptor in it, or that alone.
 */
final class VmdkOpening {
  /** The kinds of disk that a descriptor alone describes. */
  private static final Set<String> TYPES =
      Set.of(
          "monolithicFlat",
          "vmfs",
          "vmfsSparse",
          "seSparse",
          "twoGbMaxExtentSparse",
          "twoGbMaxExtentFlat");

  private final OpenContext context;
  private final Child file;
  private final List<VmdkExtent> extents = new ArrayList<>();

  private VmdkOpening(OpenContext context, Child file) {
    this.context = context;
    this.file = file;
  }

  static BlockDriver open(OpenContext context) throws BlockException {
    var opening = new VmdkOpening(context, context.child("file", EdgeRole.IMAGE));
    boolean open = false;
    try {
      BlockDriver image = opening.image();
      open = true;
      return image;
    } finally {
      if (!open) {
        for (VmdkExtent extent : opening.extents) {
          extent.close();
        }
      }
    }
  }

  private BlockDriver image() throws BlockException {
    if (file.length() == 0) {
      throw new BlockException(EINVAL, "File is too small, not a valid image");
    }
    DescriptorPlace inside = DescriptorPlace.inside(file);
    int magic = magic(file);
    if (magic == CowdHeader.MAGIC) {
      extents.add(SparseExtent.openCowd(context.buffers(), file, ""));
      return new VmdkImage(context, inside, "vmfsSparse", extents);
    }
    if (magic != SparseHeader.MAGIC) {
      return described(descriptorFile(file, 0));
    }
    SparseHeader header = header(file);
    if (header.capacity() == 0 && header.descriptorOffset() > 0) {
      return described(descriptorFile(file, header.descriptorOffset()));
    }
    add(SparseExtent.open(context.buffers(), file, "", header));
    String type = extents.getFirst().isCompressed() ? "streamOptimized" : "monolithicSparse";
    return new VmdkImage(context, inside, type, extents);
  }

  static int magic(Child file) throws BlockException {
    byte[] bytes = new byte[4];
    file.read(0, bytes, 0);
    return ByteBuffer.wrap(bytes).getInt();
  }

  static SparseHeader header(Child file) throws BlockException {
    byte[] sector = new byte[SparseHeader.BYTES];
    file.read(0, sector, 0);
    return SparseHeader.decode(sector);
  }

  /** A descriptor that is alone behind that sector. */
  static DescriptorPlace descriptorFile(Child file, long sector) {
    long offset = Math.min(sector, Long.MAX_VALUE / 2 / VmdkExtent.SECTOR) * VmdkExtent.SECTOR;
    return new DescriptorPlace(file, offset, VmdkDescriptor.MAX_FILE_BYTES);
  }

  /** Opens a disk whose descriptor names its extents. */
  private BlockDriver described(DescriptorPlace place) throws BlockException {
    VmdkDescriptor descriptor = place.read();
    String type = descriptor.createType();
    if (type == null) {
      throw new BlockException(EINVAL, "invalid VMDK image descriptor");
    }
    if (!TYPES.contains(type)) {
      throw new BlockException(EOPNOTSUPP, "Unsupported image type '" + type + "'");
    }
    List<ExtentLine> lines = ExtentLine.all(descriptor.text());
    for (int i = 0; i < lines.size(); i++) {
      add(extent(lines.get(i), "extents." + i));
    }
    return new VmdkImage(context, place, type, extents);
  }

  private void add(VmdkExtent extent) throws BlockException {
    extents.add(extent);
    if (context.flags().writable()) {
      if (context.flags().autoReadOnly() && !isWritable(extent)) {
        context.becomeReadOnly();
      } else {
        checkWritable(extent);
      }
    }
  }

  private static boolean isWritable(VmdkExtent extent) {
    return !(extent instanceof SeSparseExtent)
        && !(extent instanceof SparseExtent sparse && sparse.isReadOnly());
  }

  /** Throws if nobody may write there. */
  static void checkWritable(VmdkExtent extent) throws BlockException {
    if (extent instanceof SeSparseExtent) {
      throw new BlockException(EOPNOTSUPP, "No write support for seSparse images available");
    }
    if (!isWritable(extent)) {
      throw new BlockException(EACCES, "VMDK version 3 must be read only");
    }
  }

  private VmdkExtent extent(ExtentLine line, String edge) throws BlockException {
    Child own = child(line, edge);
    if (line.isFlat()) {
      long most = Long.MAX_VALUE / 2 / VmdkExtent.SECTOR;
      VmdkExtent.checkSize(line.sectors());
      // The reference lets the offset run over; nothing is there anyway.
      long place = Math.min(line.offset(), most) * VmdkExtent.SECTOR;
      return new FlatExtent(own, line.type(), line.sectors() * VmdkExtent.SECTOR, place);
    }
    if (line.type().equals(ExtentLine.SE_SPARSE)) {
      return SeSparseExtent.open(context.buffers(), own, line.type());
    }
    return switch (magic(own)) {
      case SparseHeader.MAGIC ->
          SparseExtent.open(context.buffers(), own, line.type(), header(own));
      case CowdHeader.MAGIC -> SparseExtent.openCowd(context.buffers(), own, line.type());
      default -> throw new BlockException(EINVAL, "Image not in VMDK format");
    };
  }

  private Child child(ExtentLine line, String edge) throws BlockException {
    EdgeRole role = line.isFlat() ? EdgeRole.DATA : EdgeRole.IMAGE;
    String name;
    try {
      name = context.besideImage(line.filename());
    } catch (BlockException e) {
      throw e.during(
          "Cannot use relative paths with VMDK descriptor file '" + file.filename() + "'");
    }
    return context.fileNamedByImage(edge, role, name);
  }
}
