// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A file in the folder of credentials. */
final class CredentialFile {
  private static final int MAX_BYTES = 4 << 20; // of lists of revoked certificates, above all

  private final String name;

  private CredentialFile(String name) {
    this.name = name;
  }

  /**
   * The file of that name in the folder that {@code dir} names.
   *
   * @throws BlockException if no folder is named
   */
  static CredentialFile in(@Nullable String dir, String name) throws BlockException {
    if (dir == null) {
      throw new BlockException(Errno.EINVAL, "Missing 'dir' property value");
    }
    return new CredentialFile(dir + "/" + name);
  }

  /** The file of that path. */
  static CredentialFile of(String path) {
    return new CredentialFile(path);
  }

  /** Its path, as messages have it. */
  String name() {
    return name;
  }

  /** Whether it is there. */
  boolean exists() throws BlockException {
    return Files.exists(path());
  }

  /** Fails if it is not there. */
  void require() throws BlockException {
    if (!exists()) {
      throw inaccessible(Errno.ENOENT);
    }
  }

  /** All of it. */
  byte[] read() throws BlockException {
    try (InputStream in = Files.newInputStream(path())) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw inaccessible(Errno.EFBIG);
      }
      return bytes;
    } catch (AccessDeniedException e) {
      throw inaccessible(Errno.EACCES).causedBy(e);
    } catch (BlockException e) {
      throw e;
    } catch (IOException e) {
      throw inaccessible(Files.isDirectory(path()) ? Errno.EISDIR : Errno.ENOENT).causedBy(e);
    }
  }

  private Path path() throws BlockException {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw inaccessible(Errno.ENOENT).causedBy(e);
    }
  }

  private BlockException inaccessible(Errno errno) {
    return BlockException.of(errno, "Unable to access credentials " + name);
  }
}
