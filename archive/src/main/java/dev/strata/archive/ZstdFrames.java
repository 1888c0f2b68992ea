// SPDX-License-Identifier: Apache-2.0
package dev.strata.archive;

import dev.strata.block.Child;
import io.airlift.compress.v3.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A zstd file whose frames tell how much they hold, themselves or in a table at the file's end: it
 * is read from frame to frame.
 *
 * @see "RFC 8878, 3.1 Frames"
 * @see "Zstandard Seekable Format 0.1.0"
 */
final class ZstdFrames extends ForwardReading {
  private static final int FRAME = 0xfd2fb528;
  private static final int SKIPPABLE = 0x184d2a50; // and the fifteen that follow
  private static final int SEEK_TABLE = 0x184d2a5e;
  private static final int SEEKABLE = 0x8f92eab1;
  private static final int FOOTER = 9;
  private static final int MAX_FRAMES = 1 << 20;

  /** Blocks that are looked at to find where frames end. */
  private static final int MAX_BLOCKS = 1 << 22;

  private static final int MAX_HEADER = 18;
  private static final int MAX_BLOCK = 128 << 10;

  /** Where frames begin, in the file and in what it holds. */
  private static final class Index {
    private long[] places = new long[16];
    private long[] ends = new long[16];
    private long[] starts = new long[16];
    private int count;
    private long length; // of all they hold

    void add(long place, long end, long content) throws IOException {
      if (count == MAX_FRAMES || content < 0 || content > Long.MAX_VALUE - length) {
        throw new IOException("too many frames");
      }
      if (count == places.length) {
        places = Arrays.copyOf(places, 2 * count);
        ends = Arrays.copyOf(ends, 2 * count);
        starts = Arrays.copyOf(starts, 2 * count);
      }
      places[count] = place;
      ends[count] = end;
      starts[count++] = length;
      length += content;
    }
  }

  private final Child file;
  private final Index index;

  private ZstdFrames(Child file, Index index) {
    super(index.length);
    this.file = file;
    this.index = index;
  }

  /**
   * The file's frames, or null if one does not tell how much it holds.
   *
   * @throws IOException if they are malformed
   */
  static @Nullable ZstdFrames of(Child file) throws IOException {
    long end = ForwardFile.withoutZeroes(file, file.length());
    var index = new Index();
    if (isTabled(file, end, index)) {
      return new ZstdFrames(file, index);
    }
    index = new Index();
    long at = 0;
    int blocks = 0;
    while (at < end) {
      ByteBuffer header = read(file, at, MAX_HEADER);
      int magic = header.getInt();
      if ((magic & ~15) == SKIPPABLE) {
        at += 8 + (header.getInt() & 0xffff_ffffL);
        continue;
      }
      if (magic != FRAME) {
        throw new IOException("no frame");
      }
      int descriptor = header.get();
      boolean single = (descriptor & 0x20) != 0;
      long content = content(header, descriptor, single);
      if (content < 0) {
        return null;
      }
      long place = at;
      at += header.position();
      boolean last = false;
      for (long most = 0; !last; most += MAX_BLOCK, blocks++) {
        int word = read(file, at, 4).getInt() & 0xff_ffff;
        last = (word & 1) != 0;
        int type = word >> 1 & 3;
        at += 3 + (type == 1 ? 1 : word >> 3);
        if (type == 3 || at > file.length() || blocks == MAX_BLOCKS) {
          throw new IOException("a block that cannot be");
        }
        if (last && content > most + MAX_BLOCK) {
          throw new IOException("a frame that holds less than it says");
        }
      }
      at += (descriptor & 4) != 0 ? 4 : 0;
      if (at > file.length()) {
        throw new IOException("a frame without its end");
      }
      index.add(place, at, content);
    }
    return new ZstdFrames(file, index);
  }

  /** What a frame holds, in bytes; -1 if it does not tell. The header's end is found, too. */
  private static long content(ByteBuffer header, int descriptor, boolean single) {
    if (!single) {
      header.get(); // the window's size
    }
    int dictionary = descriptor & 3;
    header.position(header.position() + (dictionary == 3 ? 4 : dictionary));
    return switch (descriptor >> 6 & 3) {
      case 0 -> single ? header.get() & 0xff : -1;
      case 1 -> (header.getShort() & 0xffff) + 256;
      case 2 -> header.getInt() & 0xffff_ffffL;
      default -> Math.max(-1, header.getLong());
    };
  }

  /** Takes the index from the table at the file's end, if there is one that fits. */
  private static boolean isTabled(Child file, long end, Index index) throws IOException {
    if (end < 8 + FOOTER) {
      return false;
    }
    ByteBuffer footer = read(file, end - FOOTER, FOOTER);
    long frames = footer.getInt() & 0xffff_ffffL;
    int entry = (footer.get() & 0x80) != 0 ? 12 : 8;
    if (footer.getInt() != SEEKABLE || frames > MAX_FRAMES) {
      return false;
    }
    long place = end - FOOTER - frames * entry - 8;
    if (place < 0) {
      return false;
    }
    ByteBuffer table = read(file, place, (int) (8 + frames * entry));
    if (table.getInt() != SEEK_TABLE || table.getInt() != frames * entry + FOOTER) {
      return false;
    }
    long at = 0;
    for (int i = 0; i < frames; i++) {
      long packed = table.getInt() & 0xffff_ffffL;
      long content = table.getInt() & 0xffff_ffffL;
      table.position(table.position() + entry - 8);
      if (content > packed * MAX_BLOCK) {
        throw new IOException("a frame that holds less than the table says");
      }
      index.add(at, at + packed, content);
      at += packed;
    }
    return at == place;
  }

  /** So many bytes, of which those behind the file's end are zeroes. */
  private static ByteBuffer read(Child file, long place, int length) throws IOException {
    if (place > file.length()) {
      throw new IOException("a frame without its end");
    }
    byte[] bytes = new byte[(int) Math.min(length, file.length() - place)];
    file.read(place, bytes, 0);
    return ByteBuffer.wrap(Arrays.copyOf(bytes, length)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private int frame(long offset) {
    int found = Arrays.binarySearch(index.starts, 0, index.count, offset);
    if (found < 0) {
      return Math.max(0, -found - 2);
    }
    while (found > 0 && index.starts[found - 1] == offset) {
      found--;
    }
    return found;
  }

  @Override
  long placeBefore(long offset) {
    return index.count == 0 ? 0 : index.starts[frame(offset)];
  }

  @Override
  InputStream open(long place) {
    return new Frames(index.count == 0 ? 0 : frame(place));
  }

  /** What the frames hold from one of them on. */
  private final class Frames extends InputStream {
    private int next;
    private InputStream current = InputStream.nullInputStream();

    Frames(int first) {
      this.next = first;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int count) throws IOException {
      if (count == 0) {
        return 0;
      }
      int done = current.read(into, from, count);
      while (done < 0 && next < index.count) {
        var in = new ChildInput(file, index.ends[next]);
        in.seek(index.places[next++]);
        current.close();
        current = new ZstdInputStream(in);
        done = current.read(into, from, count);
      }
      return done;
    }

    @Override
    public void close() throws IOException {
      current.close();
    }
  }
}
