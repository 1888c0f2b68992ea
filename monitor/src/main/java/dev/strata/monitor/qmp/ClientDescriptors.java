// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.posix.FileDescriptor;
import dev.strata.block.posix.PassedDescriptors;
import java.util.HashMap;
import java.util.Map;

/**
 * The descriptors that one client has passed: those that no command has used yet, and those that
 * have a name. They are given up when the client goes. Thread-safe.
 */
public final class ClientDescriptors implements AutoCloseable {
  /** Those of a client who cannot pass any. */
  public static final PassedDescriptors NONE = () -> null;

  private final PassedDescriptors passed;
  private final Map<String, FileDescriptor> named = new HashMap<>(); // guarded by this

  ClientDescriptors(PassedDescriptors passed) {
    this.passed = passed;
  }

  /** The next one that no command has used, which is the caller's to close. */
  public FileDescriptor take() throws BlockException {
    FileDescriptor next = passed.take();
    if (next == null) {
      throw new BlockException(Errno.EINVAL, "No file descriptor supplied via SCM_RIGHTS");
    }
    return next;
  }

  /** Gives the next one a name; the one that had it is closed. */
  public synchronized void name(String name) throws BlockException {
    FileDescriptor next = take();
    if (!name.isEmpty() && Character.isDigit(name.charAt(0))) {
      next.close();
      throw new BlockException(
          Errno.EINVAL, "Parameter 'fdname' expects a name not starting with a digit");
    }
    FileDescriptor former = named.put(name, next);
    if (former != null) {
      former.close();
    }
  }

  /** The one of that name, which it loses; the caller's to close. */
  public synchronized FileDescriptor takeNamed(String name) throws BlockException {
    FileDescriptor found = named.remove(name);
    if (found == null) {
      throw new BlockException(Errno.ENOENT, "File descriptor named '" + name + "' not found");
    }
    return found;
  }

  @Override
  public synchronized void close() throws BlockException {
    BlockException failure = null;
    for (FileDescriptor each : named.values()) {
      try {
        each.close();
      } catch (BlockException e) {
        failure = e;
      }
    }
    named.clear();
    if (failure != null) {
      throw failure;
    }
  }
}
