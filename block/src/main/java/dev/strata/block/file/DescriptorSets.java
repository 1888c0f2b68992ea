// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.file;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.posix.FileDescriptor;
import dev.strata.block.posix.OpenFlags;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Files that others opened for this process, by the numbered sets in which these were given. Who
 * opens {@code /dev/fdset/N} opens nothing, but uses the file of set N that was opened for what is
 * wanted now: so a process works with files that it may not open itself.
 *
 * <p>There is one for a process, as there is one table of descriptors. Thread-safe.
 *
 * @see "QEMU qapi/misc.json, add-fd"
 */
public final class DescriptorSets {
  /** The one of this process. */
  public static final DescriptorSets OF_PROCESS = new DescriptorSets();

  private static final String FOLDER = "/dev/fdset/";
  private static final int ACCESS_MODES = OpenFlags.WRITE_ONLY | OpenFlags.READ_WRITE;

  /**
   * A file of a set.
   *
   * @param opaque what the giver says of it; null for nothing
   */
  public record Member(FileDescriptor descriptor, @Nullable String opaque) {}

  private final NavigableMap<Long, List<Member>> sets = new TreeMap<>(); // guarded by this

  DescriptorSets() {}

  /** Whether a file's name is that of a set. */
  static boolean isSet(String filename) {
    return filename.startsWith(FOLDER);
  }

  /**
   * Adds a descriptor, which is this object's from now on, to a set that may be new.
   *
   * @param id not negative; null for a new set, the first that there is none of
   * @return the set's id
   */
  public synchronized long add(
      @Nullable Long id, FileDescriptor descriptor, @Nullable String opaque) {
    long chosen = id == null ? firstFree() : id;
    sets.computeIfAbsent(chosen, unused -> new ArrayList<>()).add(new Member(descriptor, opaque));
    return chosen;
  }

  private long firstFree() {
    long free = 0;
    while (sets.containsKey(free)) {
      free++;
    }
    return free;
  }

  /**
   * Closes descriptors of a set; who opened the set before keeps what it has.
   *
   * @param number of the one descriptor; null for all
   */
  public synchronized void remove(long id, @Nullable Long number) throws BlockException {
    List<Member> members = sets.get(id);
    var leaving = new ArrayList<Member>();
    for (Member each : members == null ? List.<Member>of() : members) {
      if (number == null || each.descriptor().number() == number) {
        leaving.add(each);
      }
    }
    if (members == null || leaving.isEmpty()) {
      String name = "fdset-id:" + id + (number == null ? "" : ", fd:" + number);
      throw new BlockException(Errno.ENOENT, "File descriptor named '" + name + "' not found");
    }
    members.removeAll(leaving);
    if (members.isEmpty()) {
      sets.remove(id);
    }
    for (Member each : leaving) {
      each.descriptor().close();
    }
  }

  /** What there is: the set of the highest id first, the files of each as they were added. */
  public synchronized NavigableMap<Long, List<Member>> all() {
    var copy = new TreeMap<Long, List<Member>>();
    sets.forEach((id, members) -> copy.put(id, List.copyOf(members)));
    return copy.descendingMap();
  }

  /**
   * A descriptor of the caller's own for the file that serves best.
   *
   * @param filename for which {@link #isSet} holds
   * @param flags of {@link OpenFlags}, of which what the file is opened for counts
   */
  synchronized FileDescriptor open(String filename, int flags) throws BlockException {
    List<Member> members = sets.get(id(filename));
    if (members == null) {
      throw BlockException.of(Errno.ENOENT, failure(filename, flags));
    }
    for (Member each : members.reversed()) {
      if (each.descriptor().accessMode() == (flags & ACCESS_MODES)) {
        return each.descriptor().duplicate();
      }
    }
    throw BlockException.of(Errno.EACCES, failure(filename, flags));
  }

  private static String failure(String filename, int flags) {
    return "Could not dup FD for " + filename + " flags " + Integer.toHexString(flags);
  }

  private static long id(String filename) throws BlockException {
    try {
      long id = Long.parseLong(filename.substring(FOLDER.length()));
      if (id >= 0) {
        return id;
      }
    } catch (NumberFormatException e) {
      throw notSet(filename).causedBy(e);
    }
    throw notSet(filename);
  }

  private static BlockException notSet(String filename) {
    return new BlockException(Errno.EINVAL, "Could not parse fdset " + filename);
  }
}
