// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

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
import dev.strata.block.nbd.protocol.OptionHeader;
import dev.strata.block.tls.PeerSocket;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * The handshake with one client, from the greeting to its choice of an export.
 *
 * <p>Nothing of an image is touched, and memory is taken only for the option at hand. Whoever runs
 * it closes the socket when the time is up.
 *
 * @see "NetworkBlockDevice/nbd, doc/proto.md, Newstyle negotiation"
 */
final class Negotiation {
  private static final int SKIP = 8192;

  private final PeerSocket socket;
  private final List<Export> exports;
  private final @Nullable TlsAccess tls;
  private final Semaphore largeOptions;
  private HeaderStyle style = HeaderStyle.SIMPLE;
  private @Nullable Export chosenFor; // the export that the contexts were chosen for
  private List<StatusContext> chosen = List.of();

  /**
   * A handshake over a socket in blocking mode, which the caller closes.
   *
   * @param tls how clients have to come, or null if as they are
   * @param shared what there still is of what all clients have together
   */
  Negotiation(PeerSocket socket, List<Export> exports, @Nullable TlsAccess tls, Shared shared) {
    this.largeOptions = shared.largeOptions();
    this.socket = socket;
    this.exports = exports;
    this.tls = tls;
  }

  /**
   * Negotiates.
   *
   * @return what came out, or null if the client left or breaks the rules
   * @throws IOException if the connection breaks
   */
  @Nullable Session run() throws IOException {
    send(new Greeting.Newstyle(HandshakeFlags.KNOWN).encode());
    int flags = receive(HandshakeFlags.CLIENT_SIZE).getInt();
    if ((flags & ~HandshakeFlags.KNOWN) != 0) {
      return null;
    }
    boolean fixed = (flags & HandshakeFlags.FIXED_NEWSTYLE) != 0;
    boolean padded = (flags & HandshakeFlags.NO_ZEROES) == 0;
    for (int i = 0; i < ServerLimits.OPTIONS; i++) {
      OptionHeader header = OptionHeader.decode(receive(OptionHeader.SIZE));
      if (header == null || header.length() > NbdLimits.OPTION_SKIP) {
        return null;
      }
      if (!fixed && header.code() != NbdOption.EXPORT_NAME) {
        return null;
      }
      if (tls != null && !socket.isSecure() && header.code() != NbdOption.ABORT) {
        if (!beforeTls(header, tls)) {
          return null;
        }
        continue;
      }
      ByteBuffer data = data(header);
      if (data == null) {
        if (header.code() == NbdOption.EXPORT_NAME) {
          return null;
        }
        refuse(header.code(), OptionError.TOO_BIG, "option data is too long");
        continue;
      }
      NbdOption option = NbdOption.decode(header.code(), data);
      switch (option) {
        case NbdOption.ExportName(String name) -> {
          Export export = export(name);
          return export == null || style.isExtended() ? null : start(export, padded);
        }
        case NbdOption.Abort abort -> {
          reply(option, new NbdOptionReply.Ack());
          return null;
        }
        case NbdOption.Go(String name, List<Integer> requests) -> {
          Export export = describe(option, name, requests);
          if (export != null) {
            return session(export);
          }
        }
        case NbdOption.Info(String name, List<Integer> requests) ->
            describe(option, name, requests);
        case NbdOption.ListExports list -> {
          for (Export export : exports) {
            reply(option, new NbdOptionReply.Server(export.name(), export.description()));
          }
          reply(option, new NbdOptionReply.Ack());
        }
        case NbdOption.StructuredReply structured -> {
          if (style.isExtended()) {
            refuse(option, OptionError.INVALID, "extended headers were negotiated already");
          } else if (style.hasChunks()) {
            refuse(option, OptionError.INVALID, "structured reply already negotiated");
          } else {
            style = HeaderStyle.STRUCTURED;
            reply(option, new NbdOptionReply.Ack());
          }
        }
        case NbdOption.ExtendedHeaders extended -> {
          if (style.isExtended()) {
            refuse(option, OptionError.INVALID, "extended headers already negotiated");
          } else {
            style = HeaderStyle.EXTENDED;
            // What was chosen before had other ids and chunks.
            chosen = List.of();
            chosenFor = null;
            reply(option, new NbdOptionReply.Ack());
          }
        }
        case NbdOption.ListMetaContext(String name, List<String> queries) ->
            contexts(option, name, queries, true);
        case NbdOption.SetMetaContext(String name, List<String> queries) ->
            contexts(option, name, queries, false);
        case NbdOption.StartTls start -> {
          if (socket.isSecure()) {
            refuse(option, OptionError.INVALID, "TLS already enabled");
          } else {
            refuse(option, OptionError.POLICY, "TLS not configured");
          }
        }
        case NbdOption.Unknown unknown ->
            refuse(option, OptionError.UNSUPPORTED, "Unsupported option");
        case NbdOption.Malformed(int code, OptionError error, String reason) -> {
          if (code == NbdOption.EXPORT_NAME) {
            return null; // there is no answer that would say so
          }
          refuse(code, error, reason);
        }
      }
    }
    return null;
  }

  /**
   * Takes an option of a client that has to turn to TLS first.
   *
   * @return false if the client cannot be told
   */
  private boolean beforeTls(OptionHeader header, TlsAccess access) throws IOException {
    if (header.code() == NbdOption.EXPORT_NAME) {
      return false;
    }
    skip(header.length());
    if (header.code() != NbdOption.STARTTLS) {
      refuse(
          header.code(),
          OptionError.TLS_REQUIRED,
          "Option 0x" + Integer.toHexString(header.code()) + " not permitted before TLS");
      return true;
    }
    if (header.length() != 0) {
      refuse(header.code(), OptionError.INVALID, "option does not take data");
      return true;
    }
    send(new NbdOptionReply.Ack().encode(header.code()));
    // Nothing was read ahead: what a client, or who is between, has sent in the clear behind the
    // option is taken for TLS, which it is not.
    socket.startServer(access.credentials(), access.authorization());
    return true;
  }

  private @Nullable Export export(String name) {
    for (Export export : exports) {
      if (export.name().equals(name)) {
        return export;
      }
    }
    return null;
  }

  private Session session(Export export) {
    return new Session(export, style, export == chosenFor ? chosen : List.of());
  }

  private Session start(Export export, boolean padded) throws IOException {
    send(new ExportReply(export.size(), export.flags(style)).encode(padded));
    return session(export);
  }

  /** Answers INFO or GO; the export if it was found. */
  private @Nullable Export describe(NbdOption option, String name, List<Integer> requests)
      throws IOException {
    Export export = export(name);
    if (export == null) {
      refuse(option, OptionError.UNKNOWN, "export '" + name + "' not present");
      return null;
    }
    boolean blockSize = requests.contains(InfoItem.BLOCK_SIZE);
    if (requests.contains(InfoItem.NAME)) {
      info(option, new InfoItem.Name(export.name()));
    }
    if (!export.description().isEmpty()) {
      info(option, new InfoItem.Description(export.description()));
    }
    info(option, export.blockSize(blockSize || option instanceof NbdOption.Info));
    info(option, new InfoItem.Export(export.size(), export.flags(style)));
    reply(option, new NbdOptionReply.Ack());
    return export;
  }

  private void info(NbdOption option, InfoItem item) throws IOException {
    reply(option, new NbdOptionReply.Info(item));
  }

  /** Lists the contexts that match, or chooses those that are named. */
  private void contexts(NbdOption option, String name, List<String> queries, boolean listing)
      throws IOException {
    if (!style.hasChunks()) {
      refuse(option, OptionError.INVALID, "request for meta context without structured replies");
      return;
    }
    Export export = export(name);
    if (export == null) {
      if (!listing) {
        chosen = List.of();
        chosenFor = null;
      }
      refuse(option, OptionError.UNKNOWN, "export '" + name + "' not present");
      return;
    }
    var found = new ArrayList<StatusContext>();
    for (StatusContext context : export.contexts()) {
      if ((listing && queries.isEmpty()) || isWanted(queries, context.name(), listing)) {
        found.add(context);
      }
    }
    if (!listing) {
      chosen = List.copyOf(found);
      chosenFor = export;
    }
    for (int id = 0; id < found.size(); id++) {
      var context = new MetaContext(listing ? 0 : id, found.get(id).name());
      reply(option, new NbdOptionReply.Context(context));
    }
    reply(option, new NbdOptionReply.Ack());
  }

  private static boolean isWanted(List<String> queries, String context, boolean listing) {
    for (String query : queries) {
      if (MetaContext.matches(query, context, listing)) {
        return true;
      }
    }
    return false;
  }

  // Bytes

  private void refuse(NbdOption option, OptionError error, String reason) throws IOException {
    refuse(option.code(), error, reason);
  }

  private void refuse(int code, OptionError error, String reason) throws IOException {
    send(NbdOptionReply.Refusal.of(error, reason).encode(code));
  }

  private void reply(NbdOption option, NbdOptionReply reply) throws IOException {
    send(reply.encode(option.code()));
  }

  private void send(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      socket.write(bytes);
    }
  }

  private ByteBuffer receive(int length) throws IOException {
    var bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (socket.read(bytes) < 0) {
        throw new EOFException("the client left during the handshake");
      }
    }
    return bytes.flip();
  }

  /**
   * An option's data, or null if it is passed over: it is too long, or as long as only few clients
   * may have it at a time. A crowd that announces much and sends nothing takes nobody's memory.
   */
  private @Nullable ByteBuffer data(OptionHeader header) throws IOException {
    long length = header.length();
    if (length <= ServerLimits.SMALL_OPTION) {
      return receive((int) length);
    }
    if (length > NbdLimits.OPTION_DATA || !largeOptions.tryAcquire()) {
      skip(length);
      return null;
    }
    try {
      return receive((int) length);
    } finally {
      largeOptions.release();
    }
  }

  private void skip(long length) throws IOException {
    for (long left = length; left > 0; ) {
      int part = (int) Math.min(left, SKIP);
      receive(part);
      left -= part;
    }
  }
}
