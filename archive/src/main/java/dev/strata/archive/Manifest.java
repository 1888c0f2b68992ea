// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.BlockException;
import dev.strata.block.BlockIo;
import dev.strata.block.BufferPool;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The digests of an appliance's files.
 *
 * @see "DMTF DSP0243, Open Virtualization Format, 5.1: the manifest file"
 */
final class Manifest {
  /** Of a manifest that is read. */
  static final int MAX_BYTES = 1 << 20;

  private static final Pattern LINE =
      Pattern.compile("([A-Za-z0-9-]{1,20}) ?\\(([^\\r\\n]{1,4096})\\) ?= ?([0-9A-Fa-f]{1,256})");
  private static final int PIECE = 1 << 20;

  private final String text;

  Manifest(byte[] bytes) {
    this.text = new String(bytes, StandardCharsets.UTF_8);
  }

  /**
   * Reads all of a file that the manifest knows.
   *
   * @throws BlockException EIO if it is not what the manifest says
   */
  void check(String name, BlockIo file) throws BlockException {
    for (String line : text.split("[\\r\\n]+")) {
      Matcher matcher = LINE.matcher(line.strip());
      if (matcher.matches() && matcher.group(2).equals(DiskNames.plain(name))) {
        byte[] digest = digest(file, matcher.group(1), name);
        if (!HexFormat.of().formatHex(digest).equals(matcher.group(3).toLowerCase(Locale.ROOT))) {
          throw new BlockException(
              Errno.EIO,
              "'"
                  + name
                  + "' is not as the archive's manifest says: its "
                  + matcher.group(1)
                  + " digest differs");
        }
      }
    }
  }

  private static byte[] digest(BlockIo file, String algorithm, String name) throws BlockException {
    MessageDigest digest = start(algorithm, name);
    var buffers = new BufferPool(PIECE);
    try (BufferPool.Buffer buffer = buffers.acquire(PIECE)) {
      for (long at = 0; at < file.length(); at += PIECE) {
        IoVector piece = buffer.vector(Math.min(PIECE, file.length() - at));
        file.read(at, piece, 0);
        ByteBuffer bytes = buffer.segment().asByteBuffer();
        digest.update(bytes.limit((int) piece.length()));
      }
    }
    return digest.digest();
  }

  private static MessageDigest start(String algorithm, String name) throws BlockException {
    String known =
        switch (algorithm.toUpperCase(Locale.ROOT).replace("-", "")) {
          case "SHA1" -> "SHA-1";
          case "SHA256" -> "SHA-256";
          case "SHA384" -> "SHA-384";
          case "SHA512" -> "SHA-512";
          default ->
              throw new BlockException(
                  Errno.EOPNOTSUPP,
                  "The archive's manifest has a digest of '"
                      + name
                      + "' that is not supported: "
                      + algorithm);
        };
    try {
      return MessageDigest.getInstance(known);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK of Strata's has it
    }
  }
}
