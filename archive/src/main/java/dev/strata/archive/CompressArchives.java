// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.archive.ArchiveProvider;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;

/** The service. */
public final class CompressArchives implements ArchiveProvider {
  private static final int PIECE = 64 << 10;

  /** For the service loader. */
  public CompressArchives() {}

  @Override
  public void bunzip2(ByteBuffer in, ByteBuffer out) throws BlockException {
    byte[] piece = new byte[Math.min(PIECE, out.remaining())];
    try (var stream = new BZip2CompressorInputStream(new BufferStream(in))) {
      while (out.hasRemaining()) { // each round brings a byte at least, or ends
        int count = stream.read(piece, 0, Math.min(piece.length, out.remaining()));
        if (count <= 0) {
          throw BlockException.of(Errno.EIO);
        }
        out.put(piece, 0, count);
      }
    } catch (BlockException e) {
      throw e;
    } catch (IOException | IllegalStateException | IndexOutOfBoundsException e) {
      // The library finds some damage only by its own arrays' ends.
      throw BlockException.of(Errno.EIO).causedBy(e);
    }
  }
}
