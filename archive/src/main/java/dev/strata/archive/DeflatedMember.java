// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.Child;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/** A deflated file, whose length is known; it is unpacked from its start on. */
final class DeflatedMember extends ForwardReading {
  private final Child archive;
  private final long start;
  private final long packedLength;

  /**
   * The file whose stream lies there.
   *
   * @param length of what it holds, in bytes
   */
  DeflatedMember(Child archive, long start, long packedLength, long length) throws IOException {
    super(length);
    this.archive = archive;
    this.start = start;
    this.packedLength = packedLength;
  }

  @Override
  InputStream open(long place) {
    var in = new ChildInput(archive, start + packedLength);
    in.seek(start);
    var inflater = new Inflater(/* nowrap= */ true);
    return new InflaterInputStream(in, inflater, 64 << 10) {
      @Override
      public void close() throws IOException {
        super.close();
        inflater.end();
      }
    };
  }
}
