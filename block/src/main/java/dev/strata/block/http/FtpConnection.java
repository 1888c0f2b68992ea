// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import static dev.strata.block.Errno.EACCES;
import static dev.strata.block.Errno.EIO;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A user who is logged in, in the file's folder, and at most one transfer, which goes on where the
 * last read ended. Used by one thread at a time, but closed by any. What may go better over another
 * connection is an {@link IOException}, what will not a {@link BlockException}.
 *
 * @see "RFC 959, File Transfer Protocol; RFC 2428, EPSV; RFC 3659, SIZE and REST; RFC 4217, TLS"
 */
final class FtpConnection implements AutoCloseable {
  /** A server may be slow, but not so that it is as good as dead: bytes in each timeout. */
  private static final int LEAST_PROGRESS = 4096;

  /** It is quicker to take so many bytes that nobody wants than to begin anew. */
  private static final int MAX_SKIP = 256 << 10;

  /** Replies to one transfer that are more than the one that there should be. */
  private static final int MAX_SURPLUS = 2;

  private final FtpServer server;
  private final FtpSocket control;
  private final byte[] piece = new byte[64 << 10];
  private boolean extended = true; // whether the server knows EPSV, as far as is known
  private volatile @Nullable FtpSocket data; // of the transfer; closed by other threads
  private long position = -1; // of the transfer's next byte in the file; negative for no transfer
  private long received;

  private FtpConnection(FtpServer server, FtpSocket control) {
    this.server = server;
    this.control = control;
  }

  /** Connects and logs in. */
  static FtpConnection open(FtpServer server) throws IOException {
    var connection = new FtpConnection(server, server.connect());
    boolean opened = false;
    try {
      connection.logIn();
      opened = true;
      return connection;
    } finally {
      if (!opened) {
        connection.close();
      }
    }
  }

  private void logIn() throws IOException {
    if (server.tls() != null) {
      control.startTls(server.tls(), server.verify());
    }
    FtpReply welcome = FtpReply.read(control);
    if (welcome.code() == FtpReply.DELAYED) {
      welcome = FtpReply.read(control);
    }
    if (welcome.code() != FtpReply.READY) {
      throw new IOException(
          "Got a " + welcome.code() + " ftp-server response when 220 was expected");
    }
    FtpReply reply = command("USER " + server.user());
    if (reply.code() == FtpReply.PASSWORD_NEEDED) {
      reply = command("PASS " + server.password());
    }
    if (reply.code() == FtpReply.ACCOUNT_NEEDED) {
      throw new BlockException(EACCES, "ACCT requested but none available");
    }
    if (!reply.isPositive()) {
      throw new BlockException(EACCES, "Access denied: " + reply.code());
    }
    if (server.tls() != null) {
      demand(command("PBSZ 0"), "The server does not protect data by TLS");
      demand(command("PROT P"), "The server does not protect data by TLS");
    }
    for (String folder : server.path().folders()) {
      demand(command("CWD " + folder), "Server denied you to change to the given directory");
    }
    demand(command("TYPE I"), "Couldn't set desired mode");
  }

  private static void demand(FtpReply reply, String failure) throws BlockException {
    if (!reply.isPositive()) {
      throw new BlockException(EIO, failure);
    }
  }

  private FtpReply command(String line) throws IOException {
    if (control.hasMore()) {
      // Taken for the answer to what comes next it would be the wrong one, for ever after.
      throw new IOException("The server sent a reply to no command");
    }
    control.restartClock();
    control.send(line);
    return FtpReply.read(control);
  }

  /** How long the file is, in bytes. */
  long size() throws IOException {
    FtpReply reply = command("SIZE " + server.path().name());
    if (reply.code() == FtpReply.UNAVAILABLE) {
      throw new BlockException(Errno.ENOENT, "The file does not exist");
    }
    long size = reply.size();
    if (size < 0) {
      throw new BlockException(Errno.EINVAL, "Server didn't report file size.");
    }
    return size;
  }

  /** Where the next read costs least; negative for nowhere. */
  long position() {
    return position;
  }

  /** How many bytes came by the last read, from its first on, even if it failed. */
  long received() {
    return received;
  }

  /** Fills {@code into} with the file's bytes from {@code offset} on. */
  void read(long offset, MemorySegment into) throws IOException {
    received = 0;
    FtpSocket transfer = data;
    if (transfer == null || offset < position || offset - position > MAX_SKIP) {
      abandon();
      transfer = begin(offset);
    }
    transfer.restartClock();
    long wanted = into.byteSize();
    int progress = 0;
    while (received < wanted) {
      long skip = offset + received - position; // 0 as soon as it goes on where it should
      int most = (int) Math.min(piece.length, skip > 0 ? skip : wanted - received);
      int count = transfer.read(piece, 0, most);
      if (count < 0) {
        throw new IOException(
            "transfer closed with " + (wanted - received) + " bytes remaining to read");
      }
      if (skip == 0) {
        MemorySegment.copy(MemorySegment.ofArray(piece), 0, into, received, count);
        received += count;
      }
      position += count;
      progress += count;
      if (progress >= LEAST_PROGRESS) {
        progress = 0;
        transfer.restartClock();
      }
    }
  }

  /** Ends the transfer, if there is one. */
  private void abandon() throws IOException {
    FtpSocket transfer = data;
    if (transfer != null) {
      transfer.close();
      data = null;
      position = -1;
      control.restartClock();
      FtpReply.read(control); // whether all was sent by then does not matter
      for (int i = 0; i < MAX_SURPLUS && control.hasMore(); i++) {
        FtpReply.read(control); // some say both that it broke off and that it ended
      }
    }
  }

  private FtpSocket begin(long offset) throws IOException {
    FtpSocket transfer = server.connectTo(control.address(), port());
    boolean begun = false;
    try {
      if (offset > 0) {
        accept(command("REST " + offset), FtpReply.MORE_NEEDED, "Couldn't use REST");
      }
      FtpReply reply = command("RETR " + server.path().name());
      if (reply.code() != FtpReply.OPENING_NOW) {
        accept(reply, FtpReply.ALREADY_OPEN, "RETR response: " + reply.code());
      }
      if (server.tls() != null) {
        transfer.startTls(server.tls(), server.verify());
      }
      data = transfer;
      position = offset;
      begun = true;
      return transfer;
    } finally {
      if (!begun) {
        transfer.close();
      }
    }
  }

  private static void accept(FtpReply reply, int code, String failure) throws IOException {
    if (reply.code() / 100 == 5) {
      throw new BlockException(EIO, failure);
    }
    if (reply.code() != code) {
      throw new IOException(failure);
    }
  }

  /** Where the server awaits the connection for data. Its address is always the server's own. */
  private int port() throws IOException {
    FtpReply reply = extended ? command("EPSV") : command("PASV");
    if (extended && reply.code() / 100 == 5) {
      extended = false;
      reply = command("PASV");
    }
    int code = extended ? FtpReply.EXTENDED_PASSIVE : FtpReply.PASSIVE;
    accept(reply, code, "Bad PASV/EPSV response: " + reply.code());
    int port = reply.port();
    if (port == 0) {
      throw new BlockException(EIO, "Weirdly formatted PASV/EPSV reply");
    }
    return port;
  }

  @Override
  public void close() {
    FtpSocket transfer = data;
    try (control) {
      if (transfer != null) {
        transfer.close();
      }
    } catch (IOException e) {
      // The server is done with, however it ends.
    }
  }
}
