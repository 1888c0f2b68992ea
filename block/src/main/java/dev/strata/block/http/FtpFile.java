// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.function.Consumer;

/** A file of an FTP server. */
final class FtpFile implements RemoteFile {
  private final FtpConnections connections;
  private final Consumer<String> warn;

  private FtpFile(FtpServer server, Consumer<String> warn) {
    this.connections = new FtpConnections(server);
    this.warn = warn;
  }

  /**
   * The file that a URL names; the server is not asked yet.
   *
   * @param environment of which variables name proxies
   * @param warn takes a line for the user, from any thread
   */
  static FtpFile open(UrlSettings settings, Map<String, String> environment, Consumer<String> warn)
      throws BlockException {
    try {
      return new FtpFile(FtpServer.of(settings, environment), warn);
    } catch (BlockException e) {
      throw e.during("CURL: Error opening file");
    }
  }

  @Override
  public long length() throws BlockException {
    try {
      FtpConnections.Line line = connections.take(0, 0);
      boolean sound = false;
      try {
        long size = line.connection().size();
        sound = true;
        return size;
      } finally {
        connections.giveBack(line, sound);
      }
    } catch (BlockException e) {
      throw e;
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, String.valueOf(e.getMessage())).causedBy(e);
    }
  }

  @Override
  public void read(long offset, MemorySegment into) throws BlockException {
    try {
      tryRead(offset, into);
    } catch (IOException e) {
      warn.accept("curl: " + e.getMessage());
      throw BlockException.of(Errno.EIO).causedBy(e);
    }
  }

  private void tryRead(long offset, MemorySegment into) throws IOException {
    long done = 0;
    for (int tries = 1; ; tries++) {
      try {
        FtpConnections.Line line = connections.take(offset + done, into.byteSize() - done);
        FtpConnection connection = line.connection();
        boolean sound = false;
        try {
          connection.read(offset + done, into.asSlice(done));
          sound = true;
          return;
        } finally {
          done += connection.received();
          connections.giveBack(line, sound);
        }
      } catch (BlockException e) {
        throw e; // which no other connection helps against
      } catch (IOException e) {
        if (tries == Retries.MAX_TRIES) {
          throw e;
        }
        Retries.pause(tries);
      }
    }
  }

  @Override
  public void close() {
    connections.close();
  }
}
