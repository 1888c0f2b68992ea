// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.archive.ArchiveProvider;
import dev.strata.block.driver.BlockDriver;
import io.airlift.compress.v3.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.apache.commons.compress.compressors.lz4.FramedLZ4CompressorInputStream;
import org.jspecify.annotations.Nullable;

/** The service. */
public final class CompressArchives implements ArchiveProvider {
  private static final int PIECE = 64 << 10;

  /** The property by which no library of the host's decodes anything. */
  private static final String ONLY_JAVA = "strata.archive.java";

  private static final int HEAD = 512;
  private static final long XZ = 0xfd377a585a00_0000L;
  private static final int ZSTD = 0x28b52ffd;
  private static final int LZ4 = 0x04224d18;

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

  @Override
  public BlockDriver open(Child archive, @Nullable String member, boolean verify)
      throws BlockException {
    byte[] head = new byte[HEAD];
    archive.read(0, head, 0); // zeroes behind a shorter file's end
    if (TarReader.isAt(head)) {
      return TarMembers.find(archive, member, verify);
    }
    int word = ByteBuffer.wrap(head).getInt(0);
    if (word == ZipMembers.LOCAL_HEADER || word == ZipMembers.EMPTY) {
      return ZipMembers.find(archive, member);
    }
    if (member != null) {
      throw new BlockException(Errno.EINVAL, "Only a tar or zip has members; this file is none");
    }
    Unpacked content;
    try {
      content = unpacked(archive, head);
    } catch (BlockException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Some damage the libraries find only by their own arrays' ends.
      throw new BlockException(Errno.EINVAL, "The compressed file is malformed").causedBy(e);
    }
    return new UnpackedDriver(content);
  }

  private static InputStream gunzip(InputStream in) throws IOException {
    return GzipCompressorInputStream.builder()
        .setInputStream(in)
        .setDecompressConcatenated(true)
        .get();
  }

  private static Unpacked unpacked(Child file, byte[] head) throws IOException {
    ByteBuffer first = ByteBuffer.wrap(head);
    int word = first.getInt(0);
    if ((first.getLong(0) & ~0xffffL) == XZ) {
      return XzFile.open(file, !Boolean.getBoolean(ONLY_JAVA));
    }
    if (word == ZSTD) {
      ZstdFrames frames = ZstdFrames.of(file);
      return frames != null ? frames : ForwardFile.of(file, ZstdInputStream::new);
    }
    if (word == LZ4) {
      return ForwardFile.of(file, in -> new FramedLZ4CompressorInputStream(in, true));
    }
    if (word >>> 16 == 0x1f8b) {
      return ForwardFile.of(file, CompressArchives::gunzip);
    }
    if (word >>> 8 == 0x425a68) {
      return ForwardFile.of(file, in -> new BZip2CompressorInputStream(in, true));
    }
    throw new BlockException(
        Errno.EINVAL,
        "Neither a tar nor a zip nor a file compressed by xz, gzip, bzip2, zstd or lz4");
  }
}
