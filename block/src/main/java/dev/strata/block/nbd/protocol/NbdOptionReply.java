// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd.protocol;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What a server answers to an option: an {@link OptionReplyHeader}, then its data. {@link Ack} and
 * {@link Refusal} are the last to their option.
 */
public sealed interface NbdOptionReply {
  int ACK = 1;
  int SERVER = 2;
  int INFO = 3;
  int META_CONTEXT = 4;

  /** Done. */
  record Ack() implements NbdOptionReply {}

  /**
   * An export.
   *
   * @param description may be empty
   */
  record Server(String name, String description) implements NbdOptionReply {}

  /** Something of an export. */
  record Info(InfoItem item) implements NbdOptionReply {}

  /** A context that can be or has been chosen. */
  record Context(MetaContext context) implements NbdOptionReply {}

  /**
   * The option fails.
   *
   * @param type {@link OptionError#replyType}, or one that is not known
   * @param message for a person; may be empty; from a peer it is hostile
   */
  record Refusal(int type, String message) implements NbdOptionReply {
    /** A refusal with these words. */
    public static Refusal of(OptionError error, String message) {
      return new Refusal(error.replyType(), message);
    }
  }

  /** A reply that is not known. */
  record Unknown(int type) implements NbdOptionReply {}

  /** A reply type by its name in the protocol's document, for messages. */
  static String name(int type) {
    return switch (type) {
      case ACK -> "ack";
      case SERVER -> "server";
      case INFO -> "info";
      case META_CONTEXT -> "meta context";
      default -> "<unknown>";
    };
  }

  /** Header and data, ready to be sent, in answer to the option of that code. */
  default ByteBuffer encode(int option) {
    return switch (this) {
      case Ack _ -> OptionReplyHeader.start(option, ACK, 0).flip();
      case Server(String name, String description) -> {
        byte[] bytes = NbdString.encode(name);
        byte[] text = NbdString.encode(description);
        yield OptionReplyHeader.start(option, SERVER, 4 + bytes.length + text.length)
            .putInt(bytes.length)
            .put(bytes)
            .put(text)
            .flip();
      }
      case Info(InfoItem item) -> {
        byte[] data = item.encode();
        yield OptionReplyHeader.start(option, INFO, data.length).put(data).flip();
      }
      case Context(MetaContext context) -> {
        byte[] name = NbdString.encode(context.name());
        yield OptionReplyHeader.start(option, META_CONTEXT, 4 + name.length)
            .putInt(context.id())
            .put(name)
            .flip();
      }
      case Refusal(int type, String message) -> {
        byte[] text = NbdString.encodeCut(message);
        yield OptionReplyHeader.start(option, type, text.length).put(text).flip();
      }
      case Unknown _ -> throw new IllegalArgumentException("a reply that is not known");
    };
  }

  /**
   * The reply of that type.
   *
   * @param data all of it
   * @throws BlockException EPROTO if it breaks the rules
   */
  static NbdOptionReply decode(int type, ByteBuffer data) throws BlockException {
    if (OptionError.isError(type)) {
      byte[] text = new byte[Math.min(data.remaining(), NbdLimits.STRING)];
      data.get(text);
      return new Refusal(type, new String(text, StandardCharsets.UTF_8));
    }
    return switch (type) {
      case ACK -> {
        if (data.hasRemaining()) {
          throw malformed("ACK has data");
        }
        yield new Ack();
      }
      case SERVER -> decodeServer(data);
      case INFO -> new Info(InfoItem.decode(data));
      case META_CONTEXT -> decodeContext(data);
      default -> new Unknown(type);
    };
  }

  private static Server decodeServer(ByteBuffer data) throws BlockException {
    if (data.remaining() < 4) {
      throw malformed("SERVER is too short");
    }
    String name = NbdString.take(data, data.getInt());
    String description = name == null ? null : NbdString.take(data, data.remaining());
    if (name == null || description == null) {
      throw malformed("SERVER has no name that is a string");
    }
    return new Server(name, description);
  }

  private static Context decodeContext(ByteBuffer data) throws BlockException {
    if (data.remaining() < 5) {
      throw malformed("META_CONTEXT is too short");
    }
    int id = data.getInt();
    String name = NbdString.take(data, data.remaining());
    if (name == null) {
      throw malformed("META_CONTEXT has no name that is a string");
    }
    return new Context(new MetaContext(id, name));
  }

  private static BlockException malformed(String how) {
    return new BlockException(Errno.EPROTO, "Protocol error: option reply " + how);
  }
}
