// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A Unix socket that listens for clients who pass file descriptors, which those of the JDK lose.
 * Who accepts is one thread; any may {@link #wake} it.
 */
public final class UnixListener implements AutoCloseable {
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int BACKLOG = 1; // one client is served at a time

  private final FileDescriptor descriptor;
  private final @Nullable Path path;
  private final EventCounter wakened;

  private UnixListener(FileDescriptor descriptor, @Nullable Path path) throws BlockException {
    this.descriptor = descriptor;
    this.path = path;
    try {
      this.wakened = EventCounter.create();
    } catch (BlockException e) {
      descriptor.close();
      throw e;
    }
  }

  /** Listens at a path; a socket that is left over there is replaced, nothing else is. */
  public static UnixListener bind(String path) throws BlockException {
    Listener.checkPath(path);
    FileDescriptor descriptor = UnixConnection.socket();
    try {
      Path place = Path.of(path);
      Listener.removeSocket(place);
      ByteBuffer address = UnixConnection.address(path);
      long start = MemorySegment.ofBuffer(address).address();
      SystemCall.checked(
          SystemCall.call(SystemCall.BIND, descriptor.number(), start, address.remaining(), 0));
      Reference.reachabilityFence(address);
      SystemCall.checked(SystemCall.call(SystemCall.LISTEN, descriptor.number(), BACKLOG));
      return new UnixListener(descriptor, place);
    } catch (IOException e) {
      descriptor.close();
      Errno reason = e instanceof BlockException known ? known.errno() : Listener.reason(e);
      throw BlockException.of(reason, "Failed to bind socket to " + path).causedBy(e);
    }
  }

  /** Listens with a socket that whoever started this process left open for it. */
  public static UnixListener inherited(int number) throws BlockException {
    var descriptor = new FileDescriptor(number);
    try {
      if (descriptor.status().isSocket()) {
        SystemCall.checked(SystemCall.call(SystemCall.LISTEN, number, BACKLOG));
        return new UnixListener(descriptor, null);
      }
    } catch (BlockException e) {
      throw notSocket(number).causedBy(e);
    }
    throw notSocket(number);
  }

  private static BlockException notSocket(int number) {
    return new BlockException(Errno.EINVAL, "File descriptor '" + number + "' is not a socket");
  }

  /** The next client; null after {@link #wake}. */
  public @Nullable UnixConnection accept() throws BlockException {
    while (true) {
      boolean client = Readiness.await(descriptor, wakened.descriptor(), Readiness.FOREVER);
      if (wakened.clear()) {
        return null;
      }
      if (!client) {
        continue;
      }
      long result = SystemCall.call(SystemCall.ACCEPT4, descriptor.number(), 0, 0, SOCK_CLOEXEC);
      return new UnixConnection(new FileDescriptor((int) SystemCall.checked(result)));
    }
  }

  /** Has {@link #accept} return without a client, now or the next time. */
  public void wake() throws BlockException {
    wakened.signal();
  }

  /** Lets no more clients arrive, and removes the socket's file. */
  @Override
  public void close() throws BlockException {
    try (descriptor;
        wakened) {
      if (path != null) {
        Files.deleteIfExists(path);
      }
    } catch (BlockException e) {
      throw e;
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Could not remove '" + path + "'").causedBy(e);
    }
  }
}
