// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.nbd.protocol.ExportReply;
import dev.strata.block.nbd.protocol.Greeting;
import dev.strata.block.nbd.protocol.HandshakeFlags;
import dev.strata.block.nbd.protocol.HeaderStyle;
import dev.strata.block.nbd.protocol.InfoItem;
import dev.strata.block.nbd.protocol.MetaContext;
import dev.strata.block.nbd.protocol.NbdLimits;
import dev.strata.block.nbd.protocol.NbdOption;
import dev.strata.block.nbd.protocol.NbdOptionReply;
import dev.strata.block.nbd.protocol.OptionError;
import dev.strata.block.nbd.protocol.OptionReplyHeader;
import dev.strata.block.option.Printable;
import dev.strata.block.tls.PeerSocket;
import dev.strata.block.tls.TlsCredentials;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The client's side of a handshake, up to the first request. Reads no byte beyond it. */
final class Handshake {
  // Both at once, so that a start with either finds them in the cache that starts are made from.
  private static final NbdOption EXTENDED_HEADERS = new NbdOption.ExtendedHeaders();
  private static final NbdOption STRUCTURED_REPLY = new NbdOption.StructuredReply();

  private final PeerSocket channel;
  private final NbdSettings settings;
  private final String export;
  private final String contextName;

  private Handshake(PeerSocket channel, NbdSettings settings) {
    this.channel = channel;
    this.settings = settings;
    this.export = settings.export();
    this.contextName =
        settings.context() == null ? MetaContext.BASE_ALLOCATION : settings.context();
  }

  /**
   * Runs the handshake on a new connection, which stays the caller's.
   *
   * @throws BlockException in the reference's words
   */
  static NegotiatedExport run(PeerSocket channel, NbdSettings settings) throws BlockException {
    return new Handshake(channel, settings).run();
  }

  private NegotiatedExport run() throws BlockException {
    ByteBuffer magics = ByteBuffer.allocate(Greeting.MAGICS_SIZE);
    read(magics.limit(Greeting.INITIAL_SIZE), "initial magic");
    Greeting.checkInitialMagic(magics);
    read(magics.limit(Greeting.MAGICS_SIZE), "server magic");
    int restSize = Greeting.restSize(magics);
    boolean oldstyle = restSize > Short.BYTES;
    if (oldstyle && settings.credentials() != null) {
      throw noStartTls();
    }
    if (oldstyle && !export.isEmpty()) {
      throw new BlockException(Errno.EINVAL, "Server does not support non-empty export names");
    }
    ByteBuffer rest = read(ByteBuffer.allocate(restSize), oldstyle ? "export" : "server flags");
    // Here and below not a switch over patterns: the JVM would spend more time on making the code
    // for it
    // than a short copy takes.
    Greeting greeting = Greeting.decode(magics, rest);
    if (greeting instanceof Greeting.Newstyle(int flags)) {
      return newstyle(flags);
    }
    var old = (Greeting.Oldstyle) greeting;
    if (old.flags() >>> 16 != 0) {
      throw new BlockException(
          Errno.EINVAL, "Unexpected export flags 0x" + Integer.toHexString(old.flags()));
    }
    return negotiated(old.size(), old.flags(), HeaderStyle.SIMPLE, null, null);
  }

  private static NegotiatedExport negotiated(
      long size,
      int flags,
      HeaderStyle style,
      InfoItem.@Nullable BlockSize blockSize,
      @Nullable MetaContext context)
      throws BlockException {
    if (size < 0) {
      throw new BlockException(
          Errno.EFBIG, "export size " + Long.toUnsignedString(size) + " is larger than 2^63 - 1");
    }
    return new NegotiatedExport(size, flags, style, blockSize, context);
  }

  private NegotiatedExport newstyle(int serverFlags) throws BlockException {
    int flags = serverFlags & HandshakeFlags.KNOWN;
    write(ByteBuffer.allocate(HandshakeFlags.CLIENT_SIZE).putInt(flags).flip());
    if (settings.credentials() != null) {
      if ((flags & HandshakeFlags.FIXED_NEWSTYLE) == 0) {
        throw noStartTls();
      }
      startTls(settings.credentials());
    }
    if ((flags & HandshakeFlags.FIXED_NEWSTYLE) == 0) {
      return exportName(flags, HeaderStyle.SIMPLE, null);
    }
    HeaderStyle style = headerStyle();
    MetaContext context = style.hasChunks() ? context() : null;
    NegotiatedExport negotiated = go(style, context);
    // Extended headers are only for those who can GO.
    return negotiated != null || style.isExtended()
        ? required(negotiated)
        : exportName(flags, style, context);
  }

  private static BlockException noStartTls() {
    return new BlockException(Errno.EINVAL, "Server does not support STARTTLS");
  }

  /** Whoever asks for TLS gets it or nothing: whatever the answer is, there is no way around it. */
  private void startTls(TlsCredentials credentials) throws BlockException {
    int option = NbdOption.STARTTLS;
    write(new NbdOption.StartTls().encode());
    OptionReplyHeader header = replyHeader(option);
    ByteBuffer data = replyData(header);
    if (OptionError.isError(header.type())) {
      if (header.type() == OptionError.UNSUPPORTED.replyType()) {
        throw noStartTls();
      }
      if (NbdOptionReply.decode(header.type(), data) instanceof NbdOptionReply.Refusal refusal) {
        throw refused(option, refusal);
      }
    }
    if (header.type() != NbdOptionReply.ACK) {
      throw new BlockException(
          Errno.EINVAL,
          "Server answered option "
              + optionText(option)
              + " with unexpected reply "
              + replyText(header.type()));
    }
    if (header.length() != 0) {
      throw new BlockException(Errno.EINVAL, "Start TLS response was not zero " + header.length());
    }
    channel.startClient(credentials, settings.hostname());
  }

  private static NegotiatedExport required(@Nullable NegotiatedExport negotiated)
      throws BlockException {
    if (negotiated == null) {
      throw new BlockException(Errno.EINVAL, "broken server has extended headers without GO");
    }
    return negotiated;
  }

  /** Takes the export by the option that cannot be refused but by hanging up. */
  private NegotiatedExport exportName(int flags, HeaderStyle style, @Nullable MetaContext context)
      throws BlockException {
    write(new NbdOption.ExportName(export).encode());
    ByteBuffer reply = read(ByteBuffer.allocate(ExportReply.SIZE), "export length");
    ExportReply decoded = ExportReply.decode(reply);
    if ((flags & HandshakeFlags.NO_ZEROES) == 0) {
      read(ByteBuffer.allocate(ExportReply.PADDING), "reserved block");
    }
    return negotiated(decoded.size(), decoded.flags(), style, null, context);
  }

  private HeaderStyle headerStyle() throws BlockException {
    if (isAccepted(EXTENDED_HEADERS)) {
      return HeaderStyle.EXTENDED;
    }
    return isAccepted(STRUCTURED_REPLY) ? HeaderStyle.STRUCTURED : HeaderStyle.SIMPLE;
  }

  /** Asks for something that servers may not have; whatever error it is, they have not. */
  private boolean isAccepted(NbdOption option) throws BlockException {
    write(option.encode());
    OptionReplyHeader header = replyHeader(option.code());
    if (OptionError.isError(header.type())) {
      replyData(header);
      return false;
    }
    if (header.length() != 0) {
      throw new BlockException(
          Errno.EINVAL,
          "Option "
              + option.code()
              + " ('"
              + NbdOption.name(option.code())
              + "') response length is "
              + header.length()
              + " (it should be zero)");
    }
    if (header.type() != NbdOptionReply.ACK) {
      throw new BlockException(
          Errno.EINVAL,
          "Server answered option "
              + optionText(option.code())
              + " with unexpected reply "
              + replyText(header.type()));
    }
    return true;
  }

  private @Nullable MetaContext context() throws BlockException {
    int option = NbdOption.SET_META_CONTEXT;
    write(new NbdOption.SetMetaContext(export, List.of(contextName)).encode());
    MetaContext chosen = null;
    while (true) {
      OptionReplyHeader header = replyHeader(option);
      ByteBuffer data = replyData(header);
      if (OptionError.isError(header.type())) {
        return null;
      }
      if (header.type() == NbdOptionReply.ACK) {
        NbdOptionReply.decode(header.type(), data);
        return chosen;
      }
      if (header.type() != NbdOptionReply.META_CONTEXT) {
        throw new BlockException(
            Errno.EINVAL,
            "Unexpected reply type " + replyText(header.type()) + ", expected 4 (meta context)");
      }
      if (header.length() <= Integer.BYTES) {
        throw new BlockException(
            Errno.EINVAL,
            "Failed to negotiate meta context, server answered with unexpected length "
                + header.length());
      }
      if (chosen != null) {
        throw new BlockException(Errno.EINVAL, "Server answered with more than one context");
      }
      if (NbdOptionReply.decode(header.type(), data) instanceof NbdOptionReply.Context reply) {
        chosen = reply.context();
      }
      if (chosen == null || !chosen.name().equals(contextName)) {
        throw new BlockException(
            Errno.EINVAL,
            "Failed to negotiate meta context '"
                + contextName
                + "', server answered with different context '"
                + Printable.of(chosen == null ? "" : chosen.name())
                + "'");
      }
    }
  }

  /** Enters transmission; null if the server does not know the option. */
  private @Nullable NegotiatedExport go(HeaderStyle style, @Nullable MetaContext context)
      throws BlockException {
    int option = NbdOption.GO;
    write(new NbdOption.Go(export, List.of(InfoItem.BLOCK_SIZE)).encode());
    InfoItem.Export found = null;
    InfoItem.BlockSize blockSize = null;
    for (int i = 0; i < NbdLimits.OPTION_REPLIES; i++) {
      OptionReplyHeader header = replyHeader(option);
      ByteBuffer data = replyData(header);
      if (header.type() == NbdOptionReply.ACK && header.length() != 0) {
        throw new BlockException(Errno.EINVAL, "server sent invalid NBD_REP_ACK");
      }
      if (header.type() == NbdOptionReply.SERVER || header.type() == NbdOptionReply.META_CONTEXT) {
        throw unexpectedInfo(header.type());
      }
      NbdOptionReply reply = NbdOptionReply.decode(header.type(), data);
      if (reply instanceof NbdOptionReply.Info(InfoItem item)) {
        if (item instanceof InfoItem.Export export) {
          found = export;
        } else if (item instanceof InfoItem.BlockSize sizes) {
          sizes.check();
          blockSize = sizes;
        } // others are of no use here
      } else if (reply instanceof NbdOptionReply.Ack) {
        if (found == null || found.flags() == 0) {
          throw new BlockException(Errno.EINVAL, "broken server omitted NBD_INFO_EXPORT");
        }
        return negotiated(found.size(), found.flags(), style, blockSize, context);
      } else if (reply instanceof NbdOptionReply.Refusal refusal) {
        if (refusal.type() == OptionError.UNSUPPORTED.replyType()) {
          return null;
        }
        throw refused(option, refusal);
      } else {
        throw unexpectedInfo(header.type());
      }
    }
    throw new BlockException(Errno.EINVAL, "server does not come to an end with option 7 (go)");
  }

  private static BlockException unexpectedInfo(int type) {
    return new BlockException(
        Errno.EINVAL, "unexpected reply type " + replyText(type) + ", expected 3 (info)");
  }

  private static BlockException refused(int option, NbdOptionReply.Refusal refusal) {
    String asked = optionText(option);
    OptionError error = OptionError.of(refusal.type());
    String words =
        switch (error) {
          case POLICY -> "Denied by server for option " + asked;
          case INVALID -> "Invalid parameters for option " + asked;
          case PLATFORM -> "Server lacks support for option " + asked;
          case TLS_REQUIRED -> "TLS negotiation required before option " + asked;
          case UNKNOWN -> "Requested export not available";
          case SHUTDOWN -> "Server shutting down before option " + asked;
          case BLOCK_SIZE_REQUIRED -> "Server requires INFO_BLOCK_SIZE for option " + asked;
          case UNSUPPORTED, TOO_BIG, EXTENDED_HEADERS_REQUIRED ->
              "Unknown error code when asking for option " + asked;
          case null -> "Unknown error code when asking for option " + asked;
        };
    var hint = new StringBuilder();
    if (error == OptionError.TLS_REQUIRED) {
      hint.append("Did you forget a valid tls-creds?");
    }
    if (!refusal.message().isEmpty()) {
      hint.append(hint.isEmpty() ? "" : "\n").append("server reported: ");
      hint.append(Printable.of(refusal.message()));
    }
    var failure = new BlockException(Errno.EINVAL, words);
    return hint.isEmpty() ? failure : failure.withHint(hint.toString());
  }

  private static String optionText(int option) {
    return option + " (" + NbdOption.name(option) + ")";
  }

  private static String replyText(int type) {
    return Integer.toUnsignedString(type) + " (" + NbdOptionReply.name(type) + ")";
  }

  private OptionReplyHeader replyHeader(int option) throws BlockException {
    ByteBuffer bytes = read(ByteBuffer.allocate(OptionReplyHeader.SIZE), "option reply");
    OptionReplyHeader header = OptionReplyHeader.decode(bytes);
    if (header.option() != option) {
      throw new BlockException(
          Errno.EINVAL,
          "Unexpected option type "
              + optionText(header.option())
              + ", expected "
              + optionText(option));
    }
    return header;
  }

  private ByteBuffer replyData(OptionReplyHeader header) throws BlockException {
    return read(ByteBuffer.allocate(header.length()), "option reply").flip();
  }

  /** Fills the buffer from its position on. */
  private ByteBuffer read(ByteBuffer into, String what) throws BlockException {
    try {
      while (into.hasRemaining()) {
        if (channel.read(into) < 0) {
          throw new BlockException(
              Errno.EINVAL,
              "Failed to read " + what + ": Unexpected end-of-file before all data were read");
        }
      }
      return into;
    } catch (BlockException e) {
      throw e;
    } catch (IOException e) {
      throw BlockException.of(
              ServerAddress.errno(e), "Failed to read " + what + ": Unable to read from socket")
          .causedBy(e);
    }
  }

  private void write(ByteBuffer bytes) throws BlockException {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw BlockException.of(
              ServerAddress.errno(e), "Failed to send option request: Unable to write to socket")
          .causedBy(e);
    }
  }
}
