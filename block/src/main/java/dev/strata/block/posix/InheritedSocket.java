// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.posix;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.nio.channels.Channel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * A socket that whoever started this process left open for it.
 *
 * <p>The JDK takes over standard input only, and closes the standard streams when it does, and
 * again when the socket is closed: they are set aside meanwhile. Nothing else may use them during
 * the call.
 */
public final class InheritedSocket {
  private static final int F_GETFD = 1;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int ASIDE = 16; // the least number of a stream's copy
  private static final int STREAMS = 3;

  private static volatile @Nullable Channel taken;

  private InheritedSocket() {}

  /** Throws EBADF if there is no open descriptor of that number. */
  public static void check(int number) throws BlockException {
    SystemCall.checked(SystemCall.call(SystemCall.FCNTL, number, F_GETFD));
  }

  /**
   * The socket of that number, which listens.
   *
   * @return null if it is none
   */
  public static @Nullable ServerSocketChannel listening(int number)
      throws BlockException, IOException {
    return channel(number) instanceof ServerSocketChannel listening ? listening : null;
  }

  /**
   * The socket of that number, one for the whole process: a {@link ServerSocketChannel} or a {@link
   * java.nio.channels.SocketChannel}.
   */
  public static Channel open(int number) throws BlockException {
    try {
      check(number);
      Channel found = channel(number);
      if (found instanceof SelectableChannel socket) {
        socket.configureBlocking(true);
        return socket;
      }
    } catch (IOException e) {
      throw notSocket(number).causedBy(e);
    }
    throw notSocket(number);
  }

  private static BlockException notSocket(int number) {
    return new BlockException(Errno.EINVAL, "File descriptor '" + number + "' is not a socket");
  }

  /** Closes a socket, be it one of these or not, and leaves the standard streams as they are. */
  public static void close(Channel channel) throws IOException {
    if (channel != taken) {
      channel.close();
      return;
    }
    long[] aside = setAside();
    try {
      channel.close();
    } finally {
      takeBack(aside);
    }
  }

  private static @Nullable Channel channel(int number) throws BlockException, IOException {
    long[] aside = setAside();
    try {
      SystemCall.checked(SystemCall.call(SystemCall.DUP3, number, 0, 0, 0));
      taken = System.inheritedChannel();
      return taken;
    } finally {
      takeBack(aside);
    }
  }

  private static long[] setAside() {
    long[] aside = new long[STREAMS];
    for (int stream = 0; stream < STREAMS; stream++) {
      aside[stream] = SystemCall.call(SystemCall.FCNTL, stream, F_DUPFD_CLOEXEC, ASIDE, 0);
    }
    return aside;
  }

  private static void takeBack(long[] aside) throws BlockException {
    for (int stream = 0; stream < STREAMS; stream++) {
      if (aside[stream] >= 0) { // a stream that was closed stays on /dev/null
        SystemCall.checked(SystemCall.call(SystemCall.DUP3, aside[stream], stream, 0, 0));
        SystemCall.checked(SystemCall.call(SystemCall.CLOSE, aside[stream], 0));
      }
    }
  }
}
