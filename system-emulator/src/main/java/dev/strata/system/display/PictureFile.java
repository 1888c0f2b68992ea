// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.display;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.system.device.vga.Picture;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Pictures in files. */
public final class PictureFile {
  private PictureFile() {}

  /** Writes a picture; the failure is in the reference's words. */
  public static void write(Picture picture, PictureFormat format, String name)
      throws BlockException {
    try (var out = new BufferedOutputStream(Files.newOutputStream(Path.of(name)))) {
      format.write(picture, out);
    } catch (NoSuchFileException e) {
      throw failed(Errno.ENOENT, name, "No such file or directory");
    } catch (AccessDeniedException e) {
      throw failed(Errno.EACCES, name, "Permission denied");
    } catch (IOException | InvalidPathException e) {
      throw failed(Errno.EIO, name, String.valueOf(e.getMessage()));
    }
  }

  private static BlockException failed(Errno error, String name, String reason) {
    return new BlockException(error, "failed to open file '" + name + "': " + reason);
  }
}
