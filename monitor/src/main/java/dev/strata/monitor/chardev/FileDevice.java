// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.chardev;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file that is written, and one that is read from its beginning to its end. */
final class FileDevice implements CharacterDevice {
  private final InputStream in;
  private final OutputStream out;

  private FileDevice(InputStream in, OutputStream out) {
    this.in = in;
    this.out = out;
  }

  /**
   * A file to write to.
   *
   * @param append whether what is there stays
   */
  static FileDevice open(String in, String out, boolean append) throws BlockException {
    InputStream source = in.isEmpty() ? InputStream.nullInputStream() : input(in);
    try {
      return new FileDevice(
          source,
          Files.newOutputStream(
              Path.of(out),
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              append ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING));
    } catch (IOException e) {
      close(source, e);
      throw unreachable(out, e);
    }
  }

  private static InputStream input(String name) throws BlockException {
    try {
      return Files.newInputStream(Path.of(name));
    } catch (IOException e) {
      throw unreachable(name, e);
    }
  }

  private static BlockException unreachable(String name, IOException e) {
    Errno reason =
        switch (e) {
          case NoSuchFileException _ -> Errno.ENOENT;
          case AccessDeniedException _ -> Errno.EACCES;
          default -> Errno.inMessage(e.getMessage());
        };
    return BlockException.of(reason, "Could not open '" + name + "'").causedBy(e);
  }

  @Override
  public String kind() {
    return "file";
  }

  @Override
  public String filename() {
    return "file";
  }

  @Override
  public boolean hasClient() {
    return true;
  }

  @Override
  public void attach(Service service) {
    Thread.ofPlatform().daemon().name("chardev").start(() -> service.serve(in, out));
  }

  private static void close(InputStream stream, IOException reason) {
    try {
      stream.close();
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }

  @Override
  public void close() throws BlockException {
    try (in) {
      out.close();
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Could not close a character device").causedBy(e);
    }
  }
}
