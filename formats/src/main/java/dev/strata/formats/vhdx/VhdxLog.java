// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vhdx;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The log. An entry is written and flushed, then carried out and that flushed, before the next one:
 * at any time one entry counts at most, and carrying it out again does no harm.
 *
 * @see "[MS-VHDX] 2.3, Log"
 */
final class VhdxLog {
  private static final int SECTOR = LogEntry.SECTOR;
  private static final int MAX_SECTORS = 64;

  /** A log that is replayed is looked at as a whole; the usual one has 1 MiB. */
  private static final long MAX_REPLAYED_BYTES = 64 << 20;

  private final Child file;
  private final HeaderFile headers;
  private long position; // of the next entry, guarded by this, as what follows
  private long sequence;
  private boolean open; // whether the headers say that the log is in use

  VhdxLog(Child file, HeaderFile headers) {
    this.file = file;
    this.headers = headers;
  }

  /** The entries that have to be carried out, in order. */
  static List<LogEntry> pending(Child file, VhdxHeader header) throws BlockException {
    if (header.logId().equals(Guid.ZERO) || header.logLength() == 0) {
      return List.of();
    }
    if (header.logLength() > MAX_REPLAYED_BYTES) {
      throw new BlockException(
          EINVAL,
          "VHDX log has " + header.logLength() + " bytes; must be at most " + MAX_REPLAYED_BYTES);
    }
    byte[] log = new byte[(int) header.logLength()];
    file.read(header.logOffset(), IoVector.of(log), 0);
    Map<Long, LogEntry> entries = entries(log, header);
    var heads = new ArrayList<>(entries.values());
    heads.sort((a, b) -> Long.compareUnsigned(b.sequence(), a.sequence()));
    for (LogEntry head : heads) {
      List<LogEntry> chain = chain(entries, head, log.length);
      if (!chain.isEmpty()) {
        return chain;
      }
    }
    return List.of();
  }

  private static Map<Long, LogEntry> entries(byte[] log, VhdxHeader header) throws BlockException {
    var entries = new HashMap<Long, LogEntry>();
    byte[] sector = new byte[SECTOR];
    long budget = 4L * log.length; // entries in good order never overlap
    for (int at = 0; at < log.length; at += SECTOR) {
      System.arraycopy(log, at, sector, 0, SECTOR);
      long length = LogEntry.lengthAt(sector, header.logId(), log.length);
      if (length == 0) {
        continue;
      }
      budget -= length;
      if (budget < 0) {
        throw new BlockException(EINVAL, "VHDX log entries overlap");
      }
      LogEntry entry = LogEntry.decode(ring(log, at, (int) length));
      if (entry != null) {
        entries.put((long) at, entry);
      }
    }
    return entries;
  }

  /** Bytes of the log, which goes on at its start. */
  private static byte[] ring(byte[] log, int from, int length) {
    byte[] bytes = new byte[length];
    int first = Math.min(length, log.length - from);
    System.arraycopy(log, from, bytes, 0, first);
    System.arraycopy(log, 0, bytes, first, length - first);
    return bytes;
  }

  /** The entries from a head's tail up to it; none if one is missing. */
  private static List<LogEntry> chain(Map<Long, LogEntry> entries, LogEntry head, int logLength) {
    var chain = new ArrayList<LogEntry>();
    long at = head.tail();
    while (chain.size() < entries.size()) {
      LogEntry entry = entries.get(at);
      if (entry == null
          || (!chain.isEmpty() && entry.sequence() != chain.getLast().sequence() + 1)) {
        return List.of();
      }
      chain.add(entry);
      if (entry == head) {
        return chain;
      }
      at = (at + entry.bytes().length) % logLength;
    }
    return List.of();
  }

  /** Carries entries out and says that the log is empty. */
  void replay(List<LogEntry> entries) throws BlockException {
    for (LogEntry entry : entries) {
      if (entry.flushedLength() > file.length()) {
        throw new BlockException(
            EINVAL,
            "VHDX log needs a file of "
                + entry.flushedLength()
                + " bytes; it has "
                + file.length());
      }
      entry.apply(null);
    }
    for (LogEntry entry : entries) {
      entry.apply(file);
      if (file.length() < entry.lastLength()) {
        file.truncate(entry.lastLength(), false, Preallocation.OFF, 0);
      }
    }
    file.flush();
    headers.update(Guid.ZERO);
  }

  /** Writes whole sectors to their place by way of the log; the data are flushed already. */
  synchronized void write(long place, IoVector content) throws BlockException {
    begin();
    byte[] bytes = new byte[(int) content.length()];
    content.copyTo(0, MemorySegment.ofArray(bytes));
    for (int at = 0; at < bytes.length; at += MAX_SECTORS * SECTOR) {
      int end = Math.min(bytes.length, at + MAX_SECTORS * SECTOR);
      writeEntry(place + at, java.util.Arrays.copyOfRange(bytes, at, end));
    }
  }

  private void writeEntry(long place, byte[] content) throws BlockException {
    VhdxHeader header = headers.header();
    long length = SECTOR + (long) content.length;
    if (position + length > header.logLength()) {
      position = 0;
    }
    byte[] entry =
        LogEntry.encode(position, sequence + 1, header.logId(), file.length(), place, content);
    file.write(header.logOffset() + position, IoVector.of(entry), 0);
    file.flush();
    sequence++;
    position += length;
    file.write(place, IoVector.of(content), 0);
    file.flush();
  }

  /** Says that the file changes, if that was not said. */
  synchronized void begin() throws BlockException {
    if (open) {
      return;
    }
    if (headers.header().logLength() < (MAX_SECTORS + 1L) * SECTOR) {
      throw new BlockException(EINVAL, "VHDX log is too small");
    }
    headers.update(headers.newId());
    position = 0;
    sequence = 0;
    open = true;
  }

  /** Says that the log holds nothing, if it was used. */
  synchronized void end() throws BlockException {
    if (open) {
      file.flush();
      headers.update(Guid.ZERO);
      open = false;
    }
  }
}
