// SPDX-License-Identifier: Apache-2.0
package dev.strata.tls;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.tls.AnonymousCredentials;
import dev.strata.block.tls.PskCredentials;
import dev.strata.block.tls.TlsChannel;
import dev.strata.block.tls.TlsCredentials;
import dev.strata.block.tls.TlsEndpoint;
import dev.strata.block.tls.TlsProvider;
import dev.strata.block.tls.X509Credentials;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.nio.channels.Channels;
import java.util.List;
import java.util.function.Predicate;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.TlsClientProtocol;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsFatalAlertReceived;
import org.bouncycastle.tls.TlsProtocol;
import org.bouncycastle.tls.TlsServerProtocol;
import org.jspecify.annotations.Nullable;

/** The provider of TLS. */
public final class BouncyCastleTls implements TlsProvider {
  private static final int MOST_FLIGHTS = 8; // there are four or so

  private final Crypto crypto = new Crypto();

  /** For the service loader. */
  public BouncyCastleTls() {}

  @Override
  public void prepare(TlsCredentials credentials) throws BlockException {
    TlsCredentials guest;
    TlsCredentials host;
    switch (credentials) {
      case X509Credentials own -> {
        guest =
            new X509Credentials(
                TlsEndpoint.CLIENT, false, own.priority(), List.of(), List.of(), List.of(), null);
        host =
            new X509Credentials(
                TlsEndpoint.SERVER,
                false,
                own.priority(),
                List.of(),
                List.of(),
                own.chain(),
                own.key());
      }
      case AnonymousCredentials own -> {
        guest = new AnonymousCredentials(TlsEndpoint.CLIENT, own.priority());
        host = own;
      }
      case PskCredentials own -> {
        // Users may come later, and none of them is to be made use of.
        byte[] key = crypto.getSecureRandom().generateSeed(32);
        guest = PskCredentials.ofKey(TlsEndpoint.CLIENT, own.priority(), key);
        host = PskCredentials.ofKey(TlsEndpoint.SERVER, own.priority(), key);
      }
    }
    var client = new TlsClientProtocol();
    var server = new TlsServerProtocol();
    try {
      server.accept(new ServerPeer(crypto, host, null));
      client.connect(ClientPeer.of(crypto, guest, null));
      for (int i = 0; i < MOST_FLIGHTS && !(client.isConnected() && server.isConnected()); i++) {
        server.offerInput(output(client));
        client.offerInput(output(server));
      }
      client.writeApplicationData(new byte[1], 0, 1);
      server.offerInput(output(client));
    } catch (IOException | IllegalStateException e) {
      throw new BlockException(Errno.EINVAL, "The TLS credentials lead to no connection")
          .causedBy(e);
    }
  }

  private static byte[] output(TlsProtocol protocol) {
    byte[] bytes = new byte[protocol.getAvailableOutputBytes()];
    protocol.readOutput(bytes, 0, bytes.length);
    return bytes;
  }

  @Override
  public TlsChannel connect(
      ByteChannel socket, TlsCredentials credentials, @Nullable String hostname)
      throws BlockException {
    if (credentials instanceof X509Credentials && credentials.verifiesPeer() && hostname == null) {
      throw new BlockException(Errno.EINVAL, "No hostname for certificate validation");
    }
    ClientPeer peer = ClientPeer.of(crypto, credentials, hostname);
    var records = new BouncyCastleChannel.Records(socket);
    var protocol = new TlsClientProtocol(Channels.newInputStream(socket), records);
    try {
      protocol.connect(peer);
      records.batch();
    } catch (IOException e) {
      throw failed(peer.refusal, e);
    }
    return new BouncyCastleChannel(socket, protocol, records);
  }

  @Override
  public TlsChannel accept(
      ByteChannel socket, TlsCredentials credentials, @Nullable Predicate<String> authorization)
      throws BlockException {
    var peer = new ServerPeer(crypto, credentials, authorization);
    var records = new BouncyCastleChannel.Records(socket);
    var protocol = new TlsServerProtocol(Channels.newInputStream(socket), records);
    try {
      protocol.accept(peer);
      records.batch();
    } catch (IOException e) {
      throw failed(peer.refusal, e);
    }
    return new BouncyCastleChannel(socket, protocol, records);
  }

  private static BlockException failed(@Nullable BlockException refusal, IOException e) {
    if (refusal != null) {
      return refusal;
    }
    String why =
        switch (e) {
          case TlsFatalAlertReceived alert ->
              "A TLS fatal alert has been received: "
                  + AlertDescription.getName(alert.getAlertDescription());
          case TlsFatalAlert alert -> AlertDescription.getName(alert.getAlertDescription());
          default -> "The TLS connection was non-properly terminated.";
        };
    return new BlockException(Errno.EIO, "TLS handshake failed: " + why).causedBy(e);
  }
}
