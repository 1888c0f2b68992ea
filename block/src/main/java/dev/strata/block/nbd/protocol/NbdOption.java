// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** What a client asks for during the handshake: an {@link OptionHeader}, then its data. */
public sealed interface NbdOption {
  int EXPORT_NAME = 1;
  int ABORT = 2;
  int LIST = 3;
  int STARTTLS = 5;
  int INFO = 6;
  int GO = 7;
  int STRUCTURED_REPLY = 8;
  int LIST_META_CONTEXT = 9;
  int SET_META_CONTEXT = 10;
  int EXTENDED_HEADERS = 11;

  /** Starts transmission; answered by an {@link ExportReply} or by the end of the connection. */
  record ExportName(String name) implements NbdOption {
    @Override
    public int code() {
      return EXPORT_NAME;
    }

    @Override
    public ByteBuffer encode() {
      byte[] bytes = NbdString.encode(name);
      return OptionHeader.start(EXPORT_NAME, bytes.length).put(bytes).flip();
    }
  }

  /** Ends the connection. */
  record Abort() implements NbdOption {
    @Override
    public int code() {
      return ABORT;
    }
  }

  /** The exports, each a {@link NbdOptionReply.Server}. */
  record ListExports() implements NbdOption {
    @Override
    public int code() {
      return LIST;
    }
  }

  /** Everything after the ACK is encrypted. */
  record StartTls() implements NbdOption {
    @Override
    public int code() {
      return STARTTLS;
    }
  }

  /**
   * What the export is.
   *
   * @param name empty for the default export
   * @param requests types of {@link InfoItem}s, some perhaps not known
   */
  record Info(String name, List<Integer> requests) implements NbdOption {
    @Override
    public int code() {
      return INFO;
    }

    @Override
    public ByteBuffer encode() {
      return encodeInfo(INFO, name, requests);
    }
  }

  /** As {@link Info}, and starts transmission. */
  record Go(String name, List<Integer> requests) implements NbdOption {
    @Override
    public int code() {
      return GO;
    }

    @Override
    public ByteBuffer encode() {
      return encodeInfo(GO, name, requests);
    }
  }

  /** Replies in chunks. */
  record StructuredReply() implements NbdOption {
    @Override
    public int code() {
      return STRUCTURED_REPLY;
    }
  }

  /** The contexts that match; all if there are no queries. */
  record ListMetaContext(String name, List<String> queries) implements NbdOption {
    @Override
    public int code() {
      return LIST_META_CONTEXT;
    }

    @Override
    public ByteBuffer encode() {
      return encodeQueries(LIST_META_CONTEXT, name, queries);
    }
  }

  /** Chooses the contexts that are named, in place of those chosen before. */
  record SetMetaContext(String name, List<String> queries) implements NbdOption {
    @Override
    public int code() {
      return SET_META_CONTEXT;
    }

    @Override
    public ByteBuffer encode() {
      return encodeQueries(SET_META_CONTEXT, name, queries);
    }
  }

  /** Headers with 64-bit lengths. */
  record ExtendedHeaders() implements NbdOption {
    @Override
    public int code() {
      return EXTENDED_HEADERS;
    }
  }

  /** An option that is not known; its data is dropped. */
  record Unknown(int code) implements NbdOption {}

  /**
   * An option whose data breaks the rules; the connection is still in step.
   *
   * @param error what to answer
   * @param reason for a person
   */
  record Malformed(int code, OptionError error, String reason) implements NbdOption {
    @Override
    public ByteBuffer encode() {
      throw new IllegalArgumentException("a malformed option");
    }
  }

  /** The number that replies repeat. */
  int code();

  /**
   * Header and data, ready to be sent.
   *
   * @throws IllegalArgumentException if a string exceeds {@link NbdLimits#STRING} bytes
   */
  default ByteBuffer encode() {
    return OptionHeader.start(code(), 0).flip();
  }

  /**
   * The option of that code.
   *
   * @param data all of it, at most {@link NbdLimits#OPTION_DATA} bytes
   */
  static NbdOption decode(int code, ByteBuffer data) {
    return switch (code) {
      case EXPORT_NAME -> {
        String name = NbdString.take(data, data.remaining());
        yield name == null ? badName(code, data.remaining()) : new ExportName(name);
      }
      case ABORT -> new Abort();
      case LIST -> withoutData(new ListExports(), data);
      case STARTTLS -> withoutData(new StartTls(), data);
      case INFO, GO -> decodeInfo(code, data);
      case STRUCTURED_REPLY -> withoutData(new StructuredReply(), data);
      case LIST_META_CONTEXT, SET_META_CONTEXT -> decodeQueries(code, data);
      case EXTENDED_HEADERS -> withoutData(new ExtendedHeaders(), data);
      default -> new Unknown(code);
    };
  }

  private static NbdOption withoutData(NbdOption option, ByteBuffer data) {
    return data.hasRemaining()
        ? new Malformed(option.code(), OptionError.INVALID, "option has data but takes none")
        : option;
  }

  private static ByteBuffer encodeInfo(int code, String name, List<Integer> requests) {
    byte[] bytes = NbdString.encode(name);
    var out = OptionHeader.start(code, 4 + bytes.length + 2 + 2 * requests.size());
    out.putInt(bytes.length).put(bytes).putShort((short) requests.size());
    for (int type : requests) {
      out.putShort((short) type);
    }
    return out.flip();
  }

  private static NbdOption decodeInfo(int code, ByteBuffer data) {
    if (data.remaining() < 6) {
      return tooShort(code);
    }
    int length = data.getInt();
    String name = NbdString.take(data, length);
    if (name == null) {
      return badName(code, length);
    }
    if (data.remaining() < 2) {
      return tooShort(code);
    }
    int count = data.getShort() & 0xffff;
    if (data.remaining() != 2 * count) {
      return new Malformed(
          code, OptionError.INVALID, "option has " + count + " requests in another length");
    }
    var requests = new ArrayList<Integer>(count);
    for (int i = 0; i < count; i++) {
      requests.add(data.getShort() & 0xffff);
    }
    return code == GO ? new Go(name, requests) : new Info(name, requests);
  }

  private static ByteBuffer encodeQueries(int code, String name, List<String> queries) {
    byte[] bytes = NbdString.encode(name);
    int length = 8 + bytes.length;
    var encoded = new ArrayList<byte[]>(queries.size());
    for (String query : queries) {
      byte[] text = NbdString.encode(query);
      encoded.add(text);
      length += 4 + text.length;
    }
    var out = OptionHeader.start(code, length).putInt(bytes.length).put(bytes);
    out.putInt(queries.size());
    for (byte[] text : encoded) {
      out.putInt(text.length).put(text);
    }
    return out.flip();
  }

  private static NbdOption decodeQueries(int code, ByteBuffer data) {
    if (data.remaining() < 8) {
      return tooShort(code);
    }
    int length = data.getInt();
    String name = NbdString.take(data, length);
    if (name == null) {
      return badName(code, length);
    }
    if (data.remaining() < 4) {
      return tooShort(code);
    }
    int count = data.getInt();
    if (count < 0 || count > data.remaining() / 4) {
      return tooShort(code);
    }
    var queries = new ArrayList<String>();
    for (int i = 0; i < count; i++) {
      String query = data.remaining() < 4 ? null : NbdString.take(data, data.getInt());
      if (query == null) {
        return new Malformed(code, OptionError.INVALID, "query " + i + " is no string");
      }
      queries.add(query);
    }
    if (data.hasRemaining()) {
      return new Malformed(code, OptionError.INVALID, "option has bytes after its last query");
    }
    return code == SET_META_CONTEXT
        ? new SetMetaContext(name, queries)
        : new ListMetaContext(name, queries);
  }

  private static NbdOption tooShort(int code) {
    return new Malformed(code, OptionError.INVALID, "option is too short");
  }

  private static NbdOption badName(int code, int length) {
    return Integer.compareUnsigned(length, NbdLimits.STRING) > 0
        ? new Malformed(code, OptionError.TOO_BIG, "export name is too long")
        : new Malformed(code, OptionError.INVALID, "export name is no string");
  }

  /** The option of that code by its name in the protocol's document, for messages. */
  static String name(int code) {
    return switch (code) {
      case EXPORT_NAME -> "export name";
      case ABORT -> "abort";
      case LIST -> "list";
      case STARTTLS -> "starttls";
      case INFO -> "info";
      case GO -> "go";
      case STRUCTURED_REPLY -> "structured reply";
      case LIST_META_CONTEXT -> "list meta context";
      case SET_META_CONTEXT -> "set meta context";
      case EXTENDED_HEADERS -> "extended headers";
      default -> "<unknown>";
    };
  }
}
