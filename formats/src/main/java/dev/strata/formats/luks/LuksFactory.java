// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.luks;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.Measurable;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import dev.strata.formats.crypto.Luks2Volume;
import dev.strata.formats.crypto.LuksAmendment;
import dev.strata.formats.crypto.LuksCreation;
import dev.strata.formats.crypto.LuksVolume;
import dev.strata.formats.crypto.Passphrases;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The luks driver. */
public final class LuksFactory implements BlockDriverFactory, Measurable {
  static final String KEY_SECRET = "key-secret";
  private static final Option<Long> SIZE = Option.size("size", "Virtual disk size");
  static final OptionSchema AMEND =
      OptionSchema.of(LuksAmendment.options("").toArray(Option<?>[]::new));

  /** For the service loader. */
  public LuksFactory() {}

  @Override
  public String name() {
    return "luks";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FORMAT;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(
        Option.string(KEY_SECRET, "ID of the secret that provides the encryption key"));
  }

  @Override
  public OptionSchema createOptions() {
    return OptionSchema.of(
        SIZE,
        Option.string(KEY_SECRET, "ID of the secret that provides the keyslot passphrase"),
        LuksCreation.cipherOption(""),
        LuksCreation.modeOption(""),
        LuksCreation.ivOption(""),
        LuksCreation.ivHashOption(""),
        LuksCreation.hashOption(""),
        LuksCreation.iterTimeOption(""));
  }

  @Override
  public OptionSchema amendOptions() {
    return AMEND;
  }

  @Override
  public boolean creates() {
    return true;
  }

  @Override
  public boolean grows() {
    return true;
  }

  @Override
  public List<String> contentOptions() {
    return List.of(KEY_SECRET);
  }

  @Override
  public int probe(byte[] head, String filename) {
    return LuksVolume.isAt(head) ? 100 : 0;
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    // Nothing but an amendment changes the header: who shares the disk may share the file.
    Child file = context.child("file", EdgeRole.FILTERED);
    String secret = options.takeString(KEY_SECRET);
    var passphrases = new Passphrases(context.objects(), KEY_SECRET);
    if (Luks2Volume.isIn(new FileHeader(file), file.length())) {
      return openSecondVersion(context, file, secret, passphrases);
    }
    if (context.flags().noIo()) {
      // What can be seen without the key is all that is asked for.
      return LuksImage.locked(context, file, LuksVolume.open(new FileHeader(file)));
    }
    byte[] password = passphrases.required(secret);
    try {
      LuksVolume volume = LuksVolume.open(new FileHeader(file));
      volume.unlock(password);
      volume.openedWith(secret);
      return LuksImage.unlocked(context, file, volume);
    } finally {
      Arrays.fill(password, (byte) 0);
    }
  }

  private static BlockDriver openSecondVersion(
      OpenContext context, Child file, @Nullable String secret, Passphrases passphrases)
      throws BlockException {
    context.becomeReadOnly();
    Luks2Volume volume = Luks2Volume.open(new FileHeader(file), file.length());
    long length = volume.length(file.length());
    if (context.flags().noIo()) {
      return new Luks2Image(context, file, volume, length, null);
    }
    byte[] password = passphrases.required(secret);
    try {
      return new Luks2Image(context, file, volume, length, volume.unlock(password));
    } finally {
      Arrays.fill(password, (byte) 0);
    }
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    long size = options.take(SIZE, 0L);
    String preallocation = options.takeString("preallocation");
    Preallocation mode = Preallocation.OFF;
    if (preallocation != null) {
      mode = mode(preallocation);
    }
    LuksCreation creation = LuksCreation.take(options);
    byte[] password = new Passphrases(context.objects(), KEY_SECRET).required(creation.keySecret());
    try {
      long header = creation.headerBytes();
      if (size < 0 || size > Long.MAX_VALUE - header) {
        throw new BlockException(Errno.EIO, "The requested file size is too large");
      }
      Child file = context.createFile();
      // There are no tables that storage could be left out for.
      file.truncate(
          header + size, false, mode == Preallocation.METADATA ? Preallocation.OFF : mode, 0);
      creation.write(new FileHeader(file), password);
    } finally {
      Arrays.fill(password, (byte) 0);
    }
  }

  private static Preallocation mode(String word) throws BlockException {
    for (Preallocation mode : Preallocation.values()) {
      if (mode.word().equals(word)) {
        return mode;
      }
    }
    throw new BlockException(Errno.EINVAL, "invalid parameter value: " + word);
  }

  @Override
  public Measurement measure(BlockOptions options, @Nullable Source source) throws BlockException {
    return measure(options, source, new ObjectRegistry());
  }

  @Override
  public Measurement measure(BlockOptions options, @Nullable Source source, ObjectRegistry objects)
      throws BlockException {
    long size = options.take(SIZE, 0L);
    if (source != null) {
      size = source.length();
    }
    LuksCreation creation = LuksCreation.take(options);
    Arrays.fill(new Passphrases(objects, KEY_SECRET).required(creation.keySecret()), (byte) 0);
    long header = creation.headerBytes();
    if (size < 0 || size > Long.MAX_VALUE - header) {
      throw new BlockException(Errno.EFBIG, "The requested file size is too large");
    }
    return new Measurement(header + size, header + size, -1);
  }
}
