// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonString;
import dev.strata.block.object.NamedObject;
import dev.strata.block.object.ObjectProperties;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.object.ObjectType;
import dev.strata.system.device.virtio.EntropySource;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A source of random bytes that a user defined.
 *
 * @see "QEMU's QAPI schema, RngProperties and RngRandomProperties"
 */
final class EntropyObject implements NamedObject {
  /** {@code rng-builtin} and {@code rng-random}. */
  static final List<ObjectType> TYPES = List.of(new BuiltinType(), new FileType());

  private static final String FILENAME = "filename";
  private static final String DEFAULT_FILE = "/dev/urandom";

  /** What the JDK has. */
  private static final class BuiltinType implements ObjectType {
    @Override
    public String name() {
      return "rng-builtin";
    }

    @Override
    public List<Property> properties() {
      return List.of();
    }

    @Override
    public EntropyObject create(ObjectProperties properties, ObjectRegistry others)
        throws BlockException {
      rejectOpened(this, properties);
      properties.rejectUnknown();
      return new EntropyObject(builtin(), null);
    }
  }

  private static final class FileType implements ObjectType {
    @Override
    public String name() {
      return "rng-random";
    }

    @Override
    public List<Property> properties() {
      return List.of(new Property(FILENAME, "string", new JsonString(DEFAULT_FILE)));
    }

    @Override
    public EntropyObject create(ObjectProperties properties, ObjectRegistry others)
        throws BlockException {
      rejectOpened(this, properties);
      String file = properties.string(FILENAME);
      properties.rejectUnknown();
      return open(file == null ? DEFAULT_FILE : file);
    }
  }

  /** The schema has this, from an earlier time, but nobody may say it any more. */
  private static void rejectOpened(ObjectType type, ObjectProperties properties)
      throws BlockException {
    if (properties.has("opened")) {
      throw new BlockException(
          Errno.EPERM, "Property '" + type.name() + ".opened' is not writable");
    }
  }

  private final EntropySource source;
  private final @Nullable FileInputStream stream;

  private EntropyObject(EntropySource source, @Nullable FileInputStream stream) {
    this.source = source;
    this.stream = stream;
  }

  /** What the JDK has. */
  static EntropySource builtin() {
    return new SecureRandom()::nextBytes;
  }

  private static EntropyObject open(String file) throws BlockException {
    if (!Files.exists(Path.of(file))) {
      throw BlockException.of(Errno.ENOENT, "Could not open '" + file + "'");
    }
    try {
      var stream = new FileInputStream(file);
      return new EntropyObject(
          bytes -> {
            if (stream.readNBytes(bytes, 0, bytes.length) < bytes.length) {
              throw new IOException("'" + file + "' has ended");
            }
          },
          stream);
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Could not open '" + file + "': " + e.getMessage());
    }
  }

  /** Where the bytes come from. */
  EntropySource source() {
    return source;
  }

  @Override
  public void close() {
    if (stream != null) {
      try {
        stream.close();
      } catch (IOException e) {
        // It was only read from.
      }
    }
  }
}
