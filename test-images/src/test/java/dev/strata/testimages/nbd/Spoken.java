// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbd;

import dev.strata.block.nbd.protocol.Command;
import dev.strata.block.nbd.protocol.CommandFlags;
import dev.strata.block.nbd.protocol.NbdOption;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What of the protocol a client and a server made use of, as their bytes tell. */
final class Spoken {
  private static final int GREETING = 18;
  private static final int ACK = 1;
  private static final int META_CONTEXT = 4;
  private static final int EXTENDED_REQUEST = 0x21e41c71;
  private static final int REQUEST = 0x25609513;
  private static final int EXTENDED_HEADERS = 11;

  private final Set<Feature> features = new TreeSet<>();
  private boolean extended;

  private Spoken() {}

  /** The features of all conversations of a run. */
  static Set<Feature> in(List<Tap.Conversation> conversations) {
    var spoken = new Spoken();
    Tap.Conversation before = null; // with requests
    for (Tap.Conversation each : conversations) {
      spoken.extended = false;
      ByteBuffer client = ByteBuffer.wrap(each.client.toByteArray());
      ByteBuffer server = ByteBuffer.wrap(each.server.toByteArray());
      try {
        if (spoken.handshake(client, server)) {
          if (before != null && before.overlaps(each)) {
            spoken.features.add(Feature.MULTI_CONN);
          }
          before = each;
          spoken.requests(client);
        }
      } catch (BufferUnderflowException | IllegalArgumentException e) {
        // Said no more.
      }
    }
    return spoken.features;
  }

  /** Whether it led to requests. */
  private boolean handshake(ByteBuffer client, ByteBuffer server) {
    server.position(GREETING);
    client.getInt();
    while (true) {
      client.getLong();
      int option = client.getInt();
      int length = client.getInt();
      client.position(client.position() + length);
      if (option == NbdOption.EXPORT_NAME) {
        features.add(Feature.EXPORT_NAME);
        return true;
      }
      int type = answer(server);
      if (type != ACK) {
        continue;
      }
      switch (option) {
        case NbdOption.LIST -> features.add(Feature.LIST);
        case NbdOption.INFO -> features.add(Feature.INFO);
        case NbdOption.STRUCTURED_REPLY -> features.add(Feature.STRUCTURED);
        case EXTENDED_HEADERS -> {
          features.add(Feature.EXTENDED);
          extended = true;
        }
        case NbdOption.ABORT -> {
          return false;
        }
        case NbdOption.GO -> {
          features.add(Feature.GO);
          return true;
        }
        default -> {
          // Others are seen by what they lead to.
        }
      }
    }
  }

  /** Passes over all replies to an option; the type of the last. */
  private int answer(ByteBuffer server) {
    while (true) {
      server.getLong();
      server.getInt();
      int type = server.getInt();
      byte[] data = new byte[server.getInt()];
      server.get(data);
      if (type == META_CONTEXT) {
        String name = new String(data, 4, data.length - 4, StandardCharsets.UTF_8);
        switch (name) {
          case "base:allocation" -> features.add(Feature.BASE_ALLOCATION);
          case "qemu:allocation-depth" -> features.add(Feature.ALLOCATION_DEPTH);
          default -> features.add(Feature.DIRTY_BITMAP);
        }
      } else if (type <= ACK) {
        return type;
      }
    }
  }

  private void requests(ByteBuffer client) {
    while (true) {
      int magic = client.getInt();
      if (magic != (extended ? EXTENDED_REQUEST : REQUEST)) {
        throw new IllegalArgumentException("no request");
      }
      int flags = client.getShort();
      int command = client.getShort();
      client.getLong();
      client.getLong();
      long length = extended ? client.getLong() : client.getInt() & 0xffff_ffffL;
      switch (command) {
        case Command.WRITE -> {
          features.add(Feature.WRITE);
          client.position(client.position() + (int) length);
        }
        case Command.READ -> {
          features.add(Feature.READ);
          if ((flags & CommandFlags.DF) != 0) {
            features.add(Feature.DF);
          }
        }
        case Command.FLUSH -> features.add(Feature.FLUSH);
        case Command.TRIM -> features.add(Feature.TRIM);
        case Command.CACHE -> features.add(Feature.CACHE);
        case Command.WRITE_ZEROES -> {
          features.add(Feature.WRITE_ZEROES);
          if ((flags & CommandFlags.FAST_ZERO) != 0) {
            features.add(Feature.FAST_ZERO);
          }
        }
        case Command.BLOCK_STATUS -> features.add(Feature.BLOCK_STATUS);
        default -> {
          // The end.
        }
      }
      if ((flags & CommandFlags.FUA) != 0) {
        features.add(Feature.FUA);
      }
    }
  }
}
