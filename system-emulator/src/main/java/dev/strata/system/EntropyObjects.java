// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.device.virtio.EntropySource;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The sources of random bytes that {@code -object} makes. Whoever made this closes it. */
final class EntropyObjects implements AutoCloseable {
  private static final String DEFAULT_FILE = "/dev/urandom";

  private final Map<String, EntropySource> sources = new HashMap<>();
  private final List<InputStream> open = new ArrayList<>();

  EntropyObjects() {}

  /** What the JDK has. */
  static EntropySource builtin() {
    return new SecureRandom()::nextBytes;
  }

  /** Makes what an option asks for; {@code given} is the option, for messages. */
  void define(String given, BlockOptions options) throws BlockException {
    BlockOptions left = options.copy();
    String type = left.takeString("qom-type");
    String id = left.takeString("id");
    if (type == null || (!type.equals("rng-random") && !type.equals("rng-builtin"))) {
      throw CommandLine.error(
          given
              + (type == null
                  ? ": Parameter 'qom-type' is missing"
                  : ": Parameter 'qom-type' does not accept value '" + type + "'"));
    }
    String file = type.equals("rng-random") ? left.takeString("filename") : null;
    for (String name : left.names()) {
      throw CommandLine.error(given + ": Invalid parameter '" + name + "'");
    }
    if (id == null) {
      throw CommandLine.error(given + ": Parameter 'id' is missing");
    }
    if (sources.containsKey(id)) {
      throw CommandLine.error(given + ": Duplicate ID '" + id + "' for object");
    }
    sources.put(id, type.equals("rng-random") ? open(file) : builtin());
  }

  private EntropySource open(@Nullable String given) throws BlockException {
    String file = given == null ? DEFAULT_FILE : given;
    if (!Files.exists(Path.of(file))) {
      throw new BlockException(
          Errno.ENOENT, "Could not open '" + file + "': No such file or directory");
    }
    try {
      var stream = new FileInputStream(file);
      open.add(stream);
      return bytes -> {
        if (stream.readNBytes(bytes, 0, bytes.length) < bytes.length) {
          throw new IOException("'" + file + "' has ended");
        }
      };
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Could not open '" + file + "': " + e.getMessage());
    }
  }

  /** The source of that name, or null. */
  @Nullable EntropySource find(String id) {
    return sources.get(id);
  }

  @Override
  public void close() throws BlockException {
    for (InputStream stream : open) {
      try {
        stream.close();
      } catch (IOException e) {
        throw new BlockException(Errno.EIO, "closing an entropy source: " + e.getMessage());
      }
    }
  }
}
