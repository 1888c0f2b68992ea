// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.BackingReference;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.ImageStamp;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The options of a new disk, and its creation.
 *
 * @param size in bytes, a multiple of 512
 */
record VmdkCreate(
    long size,
    Subformat subformat,
    String adapterType,
    @Nullable String backingFile,
    @Nullable String backingFormat,
    String hardwareVersion,
    String toolsVersion,
    boolean zeroedGrain) {
  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size");
  private static final Option<String> ADAPTER_TYPE =
      Option.string(
              "adapter_type",
              "Virtual adapter type, can be one of ide (default), lsilogic, buslogic or legacyESX")
          .suggesting("ide", "lsilogic", "buslogic", "legacyESX");
  private static final Option<String> BACKING_FILE =
      Option.string("backing_file", "File name of a base image");
  private static final Option<String> BACKING_FMT =
      Option.string("backing_fmt", "Must be 'vmdk' if present");
  private static final Option<Boolean> COMPAT6 =
      Option.bool("compat6", "VMDK version 6 image").orElse(false);
  private static final Option<String> HWVERSION =
      Option.string("hwversion", "VMDK hardware version").orElse("undefined");
  private static final Option<String> TOOLSVERSION =
      Option.string("toolsversion", "VMware guest tools version");
  private static final Option<String> SUBFORMAT =
      Option.string(
              "subformat",
              "VMDK flat extent format, can be one of {monolithicSparse (default) | monolithicFlat"
                  + " | twoGbMaxExtentSparse | twoGbMaxExtentFlat | streamOptimized} ")
          .suggesting(Subformat.words());
  private static final Option<Boolean> ZEROED_GRAIN =
      Option.bool(
          "zeroed_grain", "Enable efficient zero writes using the zeroed-grain GTE feature");

  static final OptionSchema SCHEMA =
      OptionSchema.of(
          SIZE,
          ADAPTER_TYPE,
          BACKING_FILE,
          BACKING_FMT,
          COMPAT6,
          HWVERSION,
          TOOLSVERSION,
          SUBFORMAT,
          ZEROED_GRAIN);

  /** What the file is going to be named where nobody knows it yet: its own descriptor needs one. */
  private static final String STREAM_NAME = "disk.vmdk";

  private static final long MAX_SPLIT = 2L << 30;
  private static final int SECTORS_PER_TRACK = 63;

  static VmdkCreate take(BlockOptions options) throws BlockException {
    long size = options.take(SIZE, 0L);
    String adapterType = options.take(ADAPTER_TYPE, "ide");
    String backingFile = options.take(BACKING_FILE);
    String backingFormat = options.take(BACKING_FMT);
    boolean compat6 = options.take(COMPAT6, false);
    String hardwareVersion = options.take(HWVERSION, "undefined");
    String toolsVersion = options.take(TOOLSVERSION, "2147483647");
    String subformat = options.take(SUBFORMAT, Subformat.MONOLITHIC_SPARSE.word());
    boolean zeroedGrain = options.take(ZEROED_GRAIN, false);
    if (!List.of("ide", "buslogic", "lsilogic", "legacyESX").contains(adapterType)) {
      throw unknown(adapterType);
    }
    Subformat known = Subformat.named(subformat);
    if (known == null) {
      throw unknown(subformat);
    }
    boolean versionSet = !hardwareVersion.equals("undefined");
    if (compat6 && versionSet) {
      throw new BlockException(EINVAL, "compat6 cannot be enabled with hwversion set");
    }
    if (known.isFlat() && backingFile != null) {
      throw new BlockException(Errno.EOPNOTSUPP, "Flat image can't have backing file");
    }
    if (known.isFlat() && zeroedGrain) {
      throw new BlockException(Errno.EOPNOTSUPP, "Flat image can't enable zeroed grain");
    }
    if (backingFormat != null && !backingFormat.equals("vmdk")) {
      throw new BlockException(EINVAL, "backing_file must be a vmdk image");
    }
    if (size < 0 || size > Long.MAX_VALUE - VmdkExtent.SECTOR) {
      throw BlockException.of(Errno.EFBIG);
    }
    return new VmdkCreate(
        (size + VmdkExtent.SECTOR - 1) & -VmdkExtent.SECTOR,
        known,
        adapterType,
        backingFile,
        backingFormat,
        versionSet ? hardwareVersion : compat6 ? "6" : "4",
        toolsVersion,
        zeroedGrain);
  }

  private static BlockException unknown(String value) {
    return new BlockException(EINVAL, "invalid parameter value: " + value);
  }

  void run(CreateContext context) throws BlockException {
    String name = context.filename().substring(context.filename().lastIndexOf('/') + 1);
    if (name.isEmpty()) {
      throw new BlockException(EINVAL, "No filename provided");
    }
    long parentCid = parentCid(context);
    long cid = context.stamp().newId().getMostSignificantBits() >>> 32;
    if (!subformat.isDescribed()) {
      NewExtent extent = extent(size);
      byte[] text = text(List.of(extent.line(name)), cid, parentCid);
      if (text.length > VmdkDescriptor.BYTES) {
        throw new BlockException(EINVAL, "VMDK description file too big");
      }
      extent.write(context, context.createFile(), text);
      return;
    }
    Child file = context.createFile();
    String folder = context.filename().substring(0, context.filename().length() - name.length());
    var lines = new ArrayList<String>();
    long most = subformat.isSplit() ? MAX_SPLIT : Long.MAX_VALUE;
    for (long done = 0; done < size; ) {
      NewExtent extent = extent(Math.min(size - done, most));
      String extentName = subformat.extentName(name, lines.size() + 1);
      extent.write(context, context.createDataFile(folder + extentName), new byte[0]);
      lines.add(extent.line(extentName));
      done += extent.size();
    }
    byte[] text = text(lines, cid, parentCid);
    file.write(0, text, 0);
    // A block device is longer: what it held there is not the descriptor's.
    file.truncate(text.length, false, Preallocation.OFF, 0);
  }

  /** The disk as it is written from front to back. */
  VmdkStream stream(ImageStamp stamp) throws BlockException {
    if (subformat != Subformat.STREAM_OPTIMIZED) {
      throw new BlockException(
          EINVAL,
          "Of vmdk, only subformat=streamOptimized can be written from front to back, not '"
              + subformat.word()
              + "'");
    }
    if (backingFile != null) {
      throw new BlockException(EINVAL, "A disk written from front to back has no backing file");
    }
    NewExtent extent = extent(size);
    long cid = stamp.newId().getMostSignificantBits() >>> 32;
    byte[] text = text(List.of(extent.line(STREAM_NAME)), cid, VmdkDescriptor.NO_PARENT);
    return new VmdkStream(extent.streamHeader(), text);
  }

  private NewExtent extent(long bytes) {
    return new NewExtent(bytes, subformat.isFlat(), subformat.isCompressed(), zeroedGrain);
  }

  private long parentCid(CreateContext context) throws BlockException {
    if (backingFile == null) {
      return VmdkDescriptor.NO_PARENT;
    }
    Child parent = context.openBacking(new BackingReference(backingFile, backingFormat));
    VmdkImage image = parent.capability(VmdkImage.class).orElse(null);
    if (image == null) {
      throw new BlockException(EINVAL, "backing_file must be a vmdk image");
    }
    return image.cid();
  }

  private byte[] text(List<String> extentLines, long cid, long parentCid) {
    int heads = adapterType.equals("ide") ? 16 : 255;
    long cylinders = size / VmdkExtent.SECTOR / SECTORS_PER_TRACK / heads;
    var text = new StringBuilder();
    text.append("# Disk DescriptorFile\nversion=1\nCID=").append(VmdkDescriptor.hex(cid));
    text.append("\nparentCID=").append(VmdkDescriptor.hex(parentCid));
    text.append("\ncreateType=\"").append(subformat.word()).append("\"\n");
    if (backingFile != null) {
      text.append("parentFileNameHint=\"").append(backingFile).append('"');
    }
    text.append("\n# Extent description\n");
    for (String line : extentLines) {
      text.append(line);
    }
    text.append("\n# The Disk Data Base\n#DDB\n\nddb.virtualHWVersion = \"");
    text.append(hardwareVersion).append("\"\nddb.geometry.cylinders = \"").append(cylinders);
    text.append("\"\nddb.geometry.heads = \"").append(heads);
    text.append("\"\nddb.geometry.sectors = \"63\"\nddb.adapterType = \"").append(adapterType);
    text.append("\"\nddb.toolsVersion = \"").append(toolsVersion).append("\"\n");
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
