// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriver;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The driver {@code file} of a graph whose files are all in memory. Thread-safe. */
public final class MemoryFiles extends MemoryFactory {
  /** What is asked of a file. */
  public enum Call {
    CREATE,
    READ,
    WRITE,
    ZERO,
    DISCARD,
    FLUSH,
    TRUNCATE
  }

  /** Stands between the files and those who use them. */
  public interface Gate {
    /** Nothing is kept from getting through. */
    Gate OPEN =
        new Gate() {
          @Override
          public long before(Call call, String name, long offset, long length) {
            return length;
          }

          @Override
          public void after(Call call, String name) {
            // Nobody wants to know.
          }
        };

    /**
     * Something is about to be done.
     *
     * @param offset in bytes; of a truncation, the new length
     * @return how many of the bytes get through; of fewer than {@code length}, the call fails
     *     afterwards
     * @throws BlockException if the call fails and does nothing
     */
    long before(Call call, String name, long offset, long length) throws BlockException;

    /** It was done. */
    void after(Call call, String name);
  }

  /** Hears what happens to the files, in its order. */
  public interface Watcher {
    /** Bytes were written, zeroes too. */
    void written(String name, long offset);

    /** The length was set. */
    void truncated(String name, long length);
  }

  private final Map<String, MemoryFile> files = new TreeMap<>();
  private volatile @Nullable Watcher watcher;
  private volatile Gate gate = Gate.OPEN;

  /** No files. */
  public MemoryFiles() {
    super("file");
  }

  /** Has everything pass through that gate from now on. */
  public void gate(Gate between) {
    gate = between;
  }

  Gate gate() {
    return gate;
  }

  void watch(Watcher watching) {
    watcher = watching;
  }

  @Nullable Watcher watcher() {
    return watcher;
  }

  /** Makes a file with a copy of that content. */
  public synchronized void put(String name, byte[] content) {
    files.put(name, new MemoryFile(content));
  }

  /** Has a file be there by that name. */
  synchronized void put(String name, MemoryFile file) {
    files.put(name, file);
  }

  /** The file of that name. */
  public synchronized MemoryFile get(String name) {
    MemoryFile file = files.get(name);
    if (file == null) {
      throw new IllegalArgumentException("No file " + name);
    }
    return file;
  }

  private synchronized @Nullable MemoryFile find(String name) {
    return files.get(name);
  }

  /** Copies of all files. */
  public synchronized Map<String, byte[]> contents() {
    var all = new TreeMap<String, byte[]>();
    files.forEach((name, file) -> all.put(name, file.toBytes()));
    return all;
  }

  @Override
  protected BlockDriver open(String filename) throws BlockException {
    return open(filename, filename);
  }

  /**
   * Opens a file.
   *
   * @param shownName by which anybody else would open it
   */
  public BlockDriver open(String name, String shownName) throws BlockException {
    MemoryFile file = find(name);
    if (file == null) {
      throw BlockException.of(Errno.ENOENT, "Could not open '" + shownName + "'");
    }
    return new MemoryDriver(name, shownName, file, this);
  }

  @Override
  public void create(String name, long size) throws BlockException {
    Gate between = gate;
    between.before(Call.CREATE, name, 0, size);
    put(name, new byte[Math.toIntExact(size)]);
    between.after(Call.CREATE, name);
  }
}
