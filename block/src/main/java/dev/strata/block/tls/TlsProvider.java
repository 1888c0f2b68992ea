// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import dev.strata.block.BlockException;
import java.nio.channels.ByteChannel;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The protocol TLS, as a service. Thread-safe. */
public interface TlsProvider {
  /**
   * Makes a server ready, by a handshake with itself: the first one loads many classes, for which
   * clients do not wait for ever.
   *
   * @throws BlockException if there could not be any handshake with the credentials
   */
  void prepare(TlsCredentials credentials) throws BlockException;

  /**
   * Does a client's handshake.
   *
   * @param socket connected and blocking; stays the caller's, who closes it if this fails
   * @param hostname whom the server's certificate has to name; needed only if it is verified
   * @throws BlockException if there is no agreement, or the server is not who it should be
   */
  TlsChannel connect(ByteChannel socket, TlsCredentials credentials, @Nullable String hostname)
      throws BlockException;

  /**
   * Does a server's handshake.
   *
   * @param socket as for {@link #connect}
   * @param authorization whether a client whose certificate bears that distinguished name may come;
   *     all may if it is null
   * @throws BlockException if there is no agreement, or the client may not come
   */
  TlsChannel accept(
      ByteChannel socket, TlsCredentials credentials, @Nullable Predicate<String> authorization)
      throws BlockException;
}
