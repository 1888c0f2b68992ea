// SPDX-License-Identifier: Apache-2.0
package dev.strata.tls;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.tls.TlsChannel;
import dev.strata.block.tls.TlsCredentials;
import dev.strata.block.tls.TlsProvider;
import dev.strata.block.tls.X509Credentials;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.function.Predicate;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.TlsClientProtocol;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsFatalAlertReceived;
import org.bouncycastle.tls.TlsServerProtocol;
import org.jspecify.annotations.Nullable;

/** The provider of TLS. */
public final class BouncyCastleTls implements TlsProvider {
  private final Crypto crypto = new Crypto();

  /** For the service loader. */
  public BouncyCastleTls() {}

  @Override
  public TlsChannel connect(
      SocketChannel socket, TlsCredentials credentials, @Nullable String hostname)
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
      SocketChannel socket, TlsCredentials credentials, @Nullable Predicate<String> authorization)
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
