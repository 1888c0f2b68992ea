// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver.tool;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.nbd.protocol.Greeting;
import dev.strata.block.nbd.protocol.HandshakeFlags;
import dev.strata.block.nbd.protocol.InfoItem;
import dev.strata.block.nbd.protocol.NbdLimits;
import dev.strata.block.nbd.protocol.NbdOption;
import dev.strata.block.nbd.protocol.NbdOptionReply;
import dev.strata.block.nbd.protocol.OptionError;
import dev.strata.block.nbd.protocol.OptionReplyHeader;
import dev.strata.block.nbd.protocol.TransmissionFlags;
import dev.strata.block.option.Printable;
import dev.strata.block.tls.PeerSocket;
import dev.strata.block.tls.TlsCredentials;
import java.io.IOException;
import java.io.PrintStream;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What another server exports, as {@code -L} tells it. */
final class ExportList {
  /** The flags with a name, in the order in which they are listed. */
  private static final int[] FLAGS = {
    TransmissionFlags.READ_ONLY,
    TransmissionFlags.SEND_FLUSH,
    TransmissionFlags.SEND_FUA,
    TransmissionFlags.ROTATIONAL,
    TransmissionFlags.SEND_TRIM,
    TransmissionFlags.SEND_WRITE_ZEROES,
    TransmissionFlags.SEND_DF,
    TransmissionFlags.CAN_MULTI_CONN,
    TransmissionFlags.SEND_RESIZE,
    TransmissionFlags.SEND_CACHE,
    TransmissionFlags.SEND_FAST_ZERO
  };

  private static final String[] NAMES = {
    "readonly",
    "flush",
    "fua",
    "rotational",
    "trim",
    "zeroes",
    "df",
    "multi",
    "resize",
    "cache",
    "fast-zero"
  };

  /** Of all replies to one option, which are kept until the last: 4096 of the longest names. */
  private static final long MOST_BYTES = 16 << 20;

  private final PeerSocket channel;
  private final PrintStream output;

  private ExportList(PeerSocket channel, PrintStream output) {
    this.channel = channel;
    this.output = output;
  }

  /**
   * Prints the list.
   *
   * @param place the address as messages name it
   * @param credentials of TLS, or null to ask without
   * @param hostname whom the server's certificate has to name, or null if nobody is known
   */
  static void print(
      SocketAddress address,
      String place,
      @Nullable TlsCredentials credentials,
      @Nullable String hostname,
      PrintStream output)
      throws BlockException {
    PeerSocket channel;
    try {
      channel = new PeerSocket(SocketChannel.open(address));
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Failed to connect to '" + place + "': " + e.getMessage())
          .causedBy(e);
    }
    try (channel) {
      new ExportList(channel, output).run(credentials, hostname);
    } catch (BlockException e) {
      throw e;
    } catch (IOException e) {
      throw new BlockException(Errno.EIO, "Failed to talk to '" + place + "': " + e.getMessage())
          .causedBy(e);
    }
  }

  private void run(@Nullable TlsCredentials credentials, @Nullable String hostname)
      throws IOException {
    ByteBuffer magics = receive(Greeting.MAGICS_SIZE);
    Greeting greeting = Greeting.decode(magics, receive(Greeting.restSize(magics)));
    if (!(greeting instanceof Greeting.Newstyle(int flags))) {
      throw new BlockException(Errno.EINVAL, "the server has one export without a name");
    }
    if ((flags & HandshakeFlags.FIXED_NEWSTYLE) == 0) {
      throw new BlockException(Errno.EINVAL, "the server cannot list its exports");
    }
    send(
        ByteBuffer.allocate(HandshakeFlags.CLIENT_SIZE)
            .putInt(flags & HandshakeFlags.KNOWN)
            .flip());
    if (credentials != null) {
      NbdOptionReply reply = ask(new NbdOption.StartTls()).getLast();
      if (reply instanceof NbdOptionReply.Refusal refusal) {
        throw refused(NbdOption.STARTTLS, refusal);
      }
      channel.startClient(credentials, hostname);
    }
    boolean chunks = isAccepted(ask(new NbdOption.StructuredReply()));
    var exports = new ArrayList<NbdOptionReply.Server>();
    for (NbdOptionReply reply : answered(NbdOption.LIST, ask(new NbdOption.ListExports()))) {
      if (reply instanceof NbdOptionReply.Server export) {
        exports.add(export);
      }
    }
    output.print("exports available: " + exports.size() + "\n");
    for (NbdOptionReply.Server export : exports) {
      describe(export, chunks);
    }
    send(new NbdOption.Abort().encode());
  }

  private void describe(NbdOptionReply.Server export, boolean chunks) throws IOException {
    output.print(" export: '" + Printable.of(export.name()) + "'\n");
    if (!export.description().isEmpty()) {
      output.print("  description: " + Printable.of(export.description()) + "\n");
    }
    var wanted = List.of(InfoItem.NAME, InfoItem.DESCRIPTION, InfoItem.BLOCK_SIZE);
    for (NbdOptionReply reply :
        answered(NbdOption.INFO, ask(new NbdOption.Info(export.name(), wanted)))) {
      if (reply instanceof NbdOptionReply.Info(InfoItem item)) {
        describe(item);
      }
    }
    if (chunks) {
      contexts(export.name());
    }
  }

  // The size comes last from some servers, and first in the list.
  private InfoItem.BlockSize blockSize = new InfoItem.BlockSize(0, 0, 0);

  private void describe(InfoItem item) {
    if (item instanceof InfoItem.BlockSize sizes) {
      blockSize = sizes;
    } else if (item instanceof InfoItem.Export(long size, int flags)) {
      output.print("  size:  " + Long.toUnsignedString(size) + "\n");
      var line = new StringBuilder("  flags: 0x" + Integer.toHexString(flags) + " (");
      for (int i = 0; i < FLAGS.length; i++) {
        if (TransmissionFlags.has(flags, FLAGS[i])) {
          line.append(' ').append(NAMES[i]);
        }
      }
      output.print(line.append(" )\n"));
      if (blockSize.minimum() != 0) {
        output.print("  min block: " + Integer.toUnsignedString(blockSize.minimum()) + "\n");
        output.print("  opt block: " + Integer.toUnsignedString(blockSize.preferred()) + "\n");
        output.print("  max block: " + Integer.toUnsignedString(blockSize.maximum()) + "\n");
      }
      blockSize = new InfoItem.BlockSize(0, 0, 0);
    }
  }

  private void contexts(String name) throws IOException {
    var names = new ArrayList<String>();
    for (NbdOptionReply reply : ask(new NbdOption.ListMetaContext(name, List.of()))) {
      if (reply instanceof NbdOptionReply.Context context) {
        names.add(context.context().name());
      }
    }
    if (!names.isEmpty()) {
      output.print("  available meta contexts: " + names.size() + "\n");
      for (String context : names) {
        output.print("   " + Printable.of(context) + "\n");
      }
    }
  }

  // Options

  private List<NbdOptionReply> ask(NbdOption option) throws IOException {
    send(option.encode());
    var replies = new ArrayList<NbdOptionReply>();
    long bytes = 0;
    while (replies.size() < NbdLimits.OPTION_REPLIES && bytes < MOST_BYTES) {
      OptionReplyHeader header = OptionReplyHeader.decode(receive(OptionReplyHeader.SIZE));
      bytes += header.length();
      NbdOptionReply reply = NbdOptionReply.decode(header.type(), receive(header.length()));
      replies.add(reply);
      if (reply instanceof NbdOptionReply.Ack || reply instanceof NbdOptionReply.Refusal) {
        return replies;
      }
    }
    throw new BlockException(Errno.EPROTO, "the server's list does not end");
  }

  private static boolean isAccepted(List<NbdOptionReply> replies) {
    return replies.getLast() instanceof NbdOptionReply.Ack;
  }

  private static List<NbdOptionReply> answered(int option, List<NbdOptionReply> replies)
      throws BlockException {
    if (replies.getLast() instanceof NbdOptionReply.Refusal refusal) {
      throw refused(option, refusal);
    }
    return replies;
  }

  private static BlockException refused(int option, NbdOptionReply.Refusal refusal) {
    String asked = option + " (" + NbdOption.name(option) + ")";
    String hint =
        refusal.message().isEmpty() ? "" : "server reported: " + Printable.of(refusal.message());
    BlockException failure;
    if (refusal.type() == OptionError.TLS_REQUIRED.replyType()) {
      failure = new BlockException(Errno.EINVAL, "TLS negotiation required before option " + asked);
      hint = "Did you forget a valid tls-creds?" + (hint.isEmpty() ? "" : "\n" + hint);
    } else if (refusal.type() == OptionError.POLICY.replyType()) {
      failure = new BlockException(Errno.EINVAL, "Denied by server for option " + asked);
    } else {
      failure = new BlockException(Errno.EINVAL, "Server refused option " + asked);
    }
    return hint.isEmpty() ? failure : failure.withHint(hint);
  }

  private void send(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private ByteBuffer receive(int length) throws IOException {
    var bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes) < 0) {
        throw new BlockException(Errno.EINVAL, "Failed to read data: the server has hung up");
      }
    }
    return bytes.flip();
  }
}
