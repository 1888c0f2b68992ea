// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Whether this process may make Linux's file calls.
 *
 * <p>Nothing here but {@link #linkInBackground} loads the foreign function interface.
 */
public final class Posix {
  private static final int AUXILIARY_PAGE_SIZE = 6; // AT_PAGESZ, getauxval(3)
  private static final int FALLBACK_PAGE_SIZE = 65536; // the largest page of the two architectures

  private Posix() {}

  /** Whether the other classes of this package work here. */
  public static boolean isAvailable() {
    return unavailableReason() == null;
  }

  /** Whether {@link FileDescriptor#open} can open that path: one of the default file system. */
  public static boolean canOpen(Path path) {
    return path.getFileSystem() == FileSystems.getDefault() && isAvailable();
  }

  /** Why the other classes of this package do not work here, on one line; null if they do. */
  public static @Nullable String unavailableReason() {
    String system = System.getProperty("os.name", "");
    if (!system.equals("Linux")) {
      return "native file access needs Linux, not " + system;
    }
    String architecture = System.getProperty("os.arch", "");
    if (!architecture.equals("amd64") && !architecture.equals("aarch64")) {
      return "native file access needs x86-64 or aarch64, not " + architecture;
    }
    // Without that permission the JVM would print a warning of several lines at the first call.
    Module module = Posix.class.getModule();
    if (!module.isNativeAccessEnabled()) {
      return "native file access needs --enable-native-access="
          + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
    }
    return null;
  }

  /**
   * Prepares the first call on a thread of its own where it takes 20 ms, in which a tool that
   * starts has other things to do. Nothing depends on it.
   */
  public static void linkInBackground() {
    if (!DirectCall.AVAILABLE && isAvailable()) {
      Thread.ofPlatform().daemon().name("link").start(SystemCall::link);
    }
  }

  /**
   * Ends the process as {@link Runtime#halt} does, but does not wait for other threads: the JVM
   * gives one that is in a system call 300 ms to come back.
   */
  public static void exit(int code) {
    if (SystemCall.isLinked()) {
      SystemCall.call(SystemCall.EXIT_GROUP, code, 0);
    }
    Runtime.getRuntime().halt(code);
  }

  /**
   * The size in bytes of a memory page: 4096, or a larger power of two on some aarch64 kernels.
   * Buffers for {@link OpenFlags#DIRECT} that start at a multiple of it suit every device.
   */
  public static int pageSize() {
    if (!System.getProperty("os.arch", "").equals("aarch64")) {
      return 4096;
    }
    try {
      ByteBuffer entries =
          ByteBuffer.wrap(Files.readAllBytes(Path.of("/proc/self/auxv")))
              .order(ByteOrder.nativeOrder());
      while (entries.remaining() >= 2 * Long.BYTES) {
        long key = entries.getLong();
        long value = entries.getLong();
        if (key == AUXILIARY_PAGE_SIZE) {
          return Math.toIntExact(value);
        }
      }
    } catch (IOException e) {
      // No /proc, as in a bare chroot: an alignment that is too large does no harm.
    }
    return FALLBACK_PAGE_SIZE;
  }
}
