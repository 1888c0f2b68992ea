// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The file with the process's number, locked for as long as it runs. */
public final class PidFile {
  private final Path path;
  private final FileChannel channel;

  private PidFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /** Writes the file; fails if a process that runs has it. */
  public static PidFile write(String name, long process) throws BlockException {
    String what = "cannot create PID file: Could not create '" + name + "'";
    try {
      // Whoever goes to the background changes its working directory.
      Path path = Path.of(name).toAbsolutePath();
      FileChannel channel =
          FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (channel.tryLock() == null) {
        channel.close();
        throw BlockException.of(
            Errno.EAGAIN, "cannot create PID file: Cannot lock pid file '" + name + "'");
      }
      channel.truncate(0);
      channel.write(ByteBuffer.wrap((process + "\n").getBytes(StandardCharsets.US_ASCII)));
      return new PidFile(path, channel);
    } catch (BlockException e) {
      throw e;
    } catch (NoSuchFileException e) {
      throw BlockException.of(Errno.ENOENT, what).causedBy(e);
    } catch (AccessDeniedException e) {
      throw BlockException.of(Errno.EACCES, what).causedBy(e);
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, what + ": " + e.getMessage()).causedBy(e);
    }
  }

  /** Removes it. */
  public void remove() {
    try {
      Files.deleteIfExists(path);
      channel.close();
    } catch (IOException e) {
      // The process ends: nobody is misled for long by a file that names it.
    }
  }
}
