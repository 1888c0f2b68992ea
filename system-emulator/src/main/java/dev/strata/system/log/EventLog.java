// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where a machine's log goes, and what goes there. Thread-safe. */
public final class EventLog implements AutoCloseable {
  private static final String PROCESS = "%d";

  private final OutputStream standard;
  private volatile int wanted;
  private OutputStream out; // guarded by this
  private @Nullable OutputStream file; // is it, or null; guarded by this

  /**
   * A log of nothing yet.
   *
   * @param standard where it goes if no file is named; stays open
   */
  public EventLog(OutputStream standard) {
    this.standard = standard;
    out = standard;
  }

  /** A log that nobody reads. */
  public static EventLog unread() {
    return new EventLog(OutputStream.nullOutputStream());
  }

  /** Says what is logged from now on. */
  public void choose(LogChoice choice) {
    wanted = choice.bits();
  }

  /**
   * Says where: to a file that is emptied first.
   *
   * @param template its name, or with {@code %d} in it, where the process's number goes
   */
  public synchronized void to(String template) throws BlockException {
    int place = template.indexOf('%');
    if (place >= 0
        && (!template.startsWith(PROCESS, place) || template.indexOf('%', place + 1) > 0)) {
      throw new BlockException(Errno.EINVAL, "Bad logfile template: " + template);
    }
    String name = template.replace(PROCESS, Long.toString(ProcessHandle.current().pid()));
    OutputStream opened;
    try {
      opened = Files.newOutputStream(Path.of(name));
    } catch (IOException | InvalidPathException e) {
      String why =
          e instanceof NoSuchFileException
              ? "No such file or directory"
              : String.valueOf(e.getMessage());
      throw new BlockException(Errno.EIO, "Error opening logfile " + name + ": " + why).causedBy(e);
    }
    closeFile();
    file = opened;
    out = opened;
  }

  /** Whether an item is logged. */
  public boolean has(LogItem item) {
    return (wanted & item.bit()) != 0;
  }

  /** Logs lines, with their ends. */
  public synchronized void add(String lines) {
    try {
      out.write(lines.getBytes(UTF_8));
      out.flush();
    } catch (IOException e) {
      wanted = 0; // who reads it has gone, or the disk is full: the guest is not to suffer for it
    }
  }

  private void closeFile() {
    OutputStream open = file;
    file = null;
    out = standard;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        wanted = 0; // as when it cannot be written to
      }
    }
  }

  @Override
  public synchronized void close() {
    closeFile();
  }
}
