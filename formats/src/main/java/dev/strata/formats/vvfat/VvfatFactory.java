// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vvfat;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The driver {@code vvfat}; as a file name {@code
 * fat:[rw:][floppy:][12:|16:|32:][label=LABEL:]FOLDER}.
 *
 * @see "QEMU qapi/block-core.json, BlockdevOptionsVVFAT"
 */
public final class VvfatFactory implements BlockDriverFactory {
  private static final String PREFIX = "fat:";
  private static final String LABEL_PREFIX = "label=";
  private static final int LABEL_CHARACTERS = ShortNames.BYTES;
  private static final String DEFAULT_LABEL = "QEMU VVFAT";

  private static final Option<String> DIR =
      Option.string("dir", "Host directory to map to the vvfat device");
  private static final Option<Long> FAT_TYPE =
      Option.number("fat-type", "FAT type (12, 16 or 32)").orElse(0L);
  private static final Option<Boolean> FLOPPY =
      Option.bool("floppy", "Create a floppy rather than a hard disk image").orElse(false);
  private static final Option<String> LABEL =
      Option.string("label", "Use a volume label other than QEMU VVFAT");
  private static final Option<Boolean> RW =
      Option.bool("rw", "Make the image writable").orElse(false);

  /** For the service loader. */
  public VvfatFactory() {}

  @Override
  public String name() {
    return "vvfat";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.PROTOCOL;
  }

  @Override
  public @Nullable String protocol() {
    return "fat";
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(DIR, FAT_TYPE, FLOPPY, LABEL, RW);
  }

  @Override
  public List<String> contentOptions() {
    return List.of(DIR.name(), FAT_TYPE.name(), FLOPPY.name(), LABEL.name(), RW.name());
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) throws BlockException {
    if (!filename.startsWith(PREFIX)) {
      throw new BlockException(Errno.EINVAL, "File name string must start with 'fat:'");
    }
    String rest = filename.substring(PREFIX.length());
    long type = 0;
    boolean floppy = false;
    boolean writable = false;
    for (int colon = rest.indexOf(':'); colon >= 0; colon = rest.indexOf(':')) {
      String word = rest.substring(0, colon);
      switch (word) {
        case "12", "16", "32" -> type = Long.parseLong(word);
        case "floppy" -> floppy = true;
        case "rw" -> writable = true;
        default -> {
          if (!word.startsWith(LABEL_PREFIX)) {
            throw new BlockException(
                Errno.EINVAL, "'" + word + "' is no word that fat: knows before a folder");
          }
          options.put(LABEL.name(), word.substring(LABEL_PREFIX.length()));
        }
      }
      rest = rest.substring(colon + 1);
    }
    options.put(DIR.name(), rest);
    options.put(FAT_TYPE.name(), type);
    options.put(FLOPPY.name(), floppy);
    options.put(RW.name(), writable);
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    String folder = options.take(DIR);
    if (folder == null) {
      throw new BlockException(Errno.EINVAL, "vvfat block driver requires a 'dir' option");
    }
    FatLayout layout = layout(options.take(FAT_TYPE, 0L), options.take(FLOPPY, false));
    String label = label(options.take(LABEL));
    boolean writable = options.take(RW, false) && context.flags().writable();
    if (!writable) {
      context.becomeReadOnly();
    }
    if (folder.isEmpty()) {
      throw new BlockException(Errno.ENOENT, "Could not read directory ");
    }
    FolderTree tree;
    try {
      tree = FolderTree.of(Path.of(folder), layout, writable, context::warn);
    } catch (InvalidPathException e) {
      throw new BlockException(Errno.ENOENT, "Could not read directory " + folder).causedBy(e);
    }
    var files = new HostFiles();
    ZoneId zone = ZoneId.systemDefault();
    var volume = new FatVolume(layout, tree, label, zone, files);
    return writable
        ? WritableVvfatDriver.open(layout, tree, volume, files, zone)
        : new VvfatDriver(volume, files);
  }

  private static FatLayout layout(long type, boolean floppy) throws BlockException {
    if (floppy && type == 32) {
      throw new BlockException(Errno.EINVAL, "A floppy is too small for FAT32");
    }
    if (type == 0) {
      return floppy ? FatLayout.usualFloppy() : FatLayout.of(FatType.FAT16, false);
    }
    for (FatType each : FatType.values()) {
      if (each.bits() == type) {
        return FatLayout.of(each, floppy);
      }
    }
    throw new BlockException(Errno.EINVAL, "Valid FAT types are only 12, 16 and 32");
  }

  /** Padded. */
  private static String label(@Nullable String label) throws BlockException {
    String given = label == null ? DEFAULT_LABEL : label;
    if (given.length() > LABEL_CHARACTERS) {
      throw new BlockException(Errno.EINVAL, "vvfat label cannot be longer than 11 bytes");
    }
    for (int i = 0; i < given.length(); i++) {
      if (given.charAt(i) < ' ' || given.charAt(i) > '~') {
        throw new BlockException(Errno.EINVAL, "vvfat label has to be of ASCII characters");
      }
    }
    return given + " ".repeat(LABEL_CHARACTERS - given.length());
  }
}
