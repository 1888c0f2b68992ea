// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All that happened to some files, told from the logs that {@code blklogwrites} nodes kept of them.
 * The logs say nothing of a file's length and nothing of each other: the order in which their
 * entries were written, and the lengths set in between, are noted beside them.
 *
 * @see "Linux Documentation/admin-guide/device-mapper/log-writes.rst"
 */
final class Recording implements MemoryFiles.Watcher {
  /** What the name of a file's log ends in. */
  static final String LOG = ".log";

  static final int SECTOR = 512;
  private static final long MAGIC = 0x6a736677736872L;
  private static final int FLUSH = 1;
  private static final int DISCARD = 4;

  /** What an event does to its file. */
  enum Kind {
    WRITE,
    DISCARD,
    LENGTH,
    FLUSH
  }

  /**
   * Something that happened to a file.
   *
   * @param offset of the bytes, or the new length
   * @param length how many bytes were written or discarded; 0 of the others
   * @param content the bytes that were written, at their place; empty for the others
   */
  record Event(String file, Kind kind, int offset, int length, MemoryFile content) {
    private static final MemoryFile NOTHING = new MemoryFile(new byte[0]);

    Event(String file, Kind kind, int offset, int length) {
      this(file, kind, offset, length, NOTHING);
    }

    static Event written(String file, int offset, byte[] log, int start, int length) {
      var content = new MemoryFile(new byte[0]);
      content.write(offset, log, start, length);
      return new Event(file, Kind.WRITE, offset, length, content);
    }

    /** Carries it out. */
    void on(MemoryFile target) {
      switch (kind) {
        case WRITE -> target.take(content, offset, length);
        case DISCARD -> target.punch(offset, length);
        case LENGTH -> target.truncate(offset);
        case FLUSH -> {}
      }
    }
  }

  private record Note(String file, boolean entry, long position) {}

  private final List<Note> notes = new ArrayList<>();

  /** How many events there were. */
  int size() {
    return notes.size();
  }

  @Override
  public void written(String name, long offset) {
    if (name.endsWith(LOG) && offset > 0) { // the superblock is no event
      notes.add(new Note(name.substring(0, name.length() - LOG.length()), true, offset));
    }
  }

  @Override
  public void truncated(String name, long length) {
    if (!name.endsWith(LOG)) {
      notes.add(new Note(name, false, length));
    }
  }

  /** The events in their order. */
  List<Event> events(MemoryFiles files) {
    var events = new ArrayList<Event>();
    Map<String, byte[]> logs = new HashMap<>();
    for (Note note : notes) {
      if (note.entry) {
        byte[] log = logs.computeIfAbsent(note.file, name -> files.get(name + LOG).toBytes());
        events.add(entry(note.file, log, Math.toIntExact(note.position)));
      } else {
        int length = Math.toIntExact(note.position);
        events.add(new Event(note.file, Kind.LENGTH, length, 0));
      }
    }
    return events;
  }

  /** The events of a log alone, as any program may have written it. */
  static List<Event> ofLog(String file, byte[] log) {
    ByteBuffer in = ByteBuffer.wrap(log).order(ByteOrder.LITTLE_ENDIAN);
    if (in.getLong(0) != MAGIC) {
      throw new IllegalArgumentException("Not a log of writes");
    }
    long entries = in.getLong(16);
    int sector = in.getInt(24);
    if (sector != SECTOR) {
      throw new IllegalArgumentException("Sectors of " + sector + " bytes");
    }
    var events = new ArrayList<Event>();
    int at = SECTOR;
    for (long i = 0; i < entries; i++) {
      events.add(entry(file, log, at));
      boolean hasData = (in.getLong(at + 16) & (FLUSH | DISCARD)) == 0;
      at += SECTOR + (hasData ? Math.toIntExact(in.getLong(at + 8)) * SECTOR : 0);
    }
    return events;
  }

  private static Event entry(String file, byte[] log, int at) {
    ByteBuffer in = ByteBuffer.wrap(log).order(ByteOrder.LITTLE_ENDIAN);
    int offset = Math.toIntExact(in.getLong(at) * SECTOR);
    int length = Math.toIntExact(in.getLong(at + 8) * SECTOR);
    long flags = in.getLong(at + 16);
    if (flags == FLUSH) {
      return new Event(file, Kind.FLUSH, 0, 0);
    }
    if (flags != 0 && flags != DISCARD) {
      throw new IllegalArgumentException("Flags " + flags);
    }
    if (flags == DISCARD) {
      return new Event(file, Kind.DISCARD, offset, length);
    }
    return Event.written(file, offset, log, at + SECTOR, length);
  }
}
