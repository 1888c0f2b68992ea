// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Keys that both ends know: lines of {@code user:key} in a file, the key in hexadecimal.
 *
 * <p>A server reads the file for each client, so that users come and go while it runs.
 */
public final class PskCredentials implements TlsCredentials {
  private static final String FILE = "keys.psk";
  private static final String DEFAULT_USER = "qemu";

  private final TlsEndpoint endpoint;
  private final TlsPriority priority;
  private final @Nullable CredentialFile file; // null if there is one key, for everyone
  private final byte[] only;
  private final String username;

  private PskCredentials(
      TlsEndpoint endpoint, TlsPriority priority, CredentialFile file, String username) {
    this.endpoint = endpoint;
    this.priority = priority;
    this.file = file;
    this.only = new byte[0];
    this.username = username;
  }

  private PskCredentials(TlsEndpoint endpoint, TlsPriority priority, byte[] only) {
    this.endpoint = endpoint;
    this.priority = priority;
    this.file = null;
    this.only = only;
    this.username = DEFAULT_USER;
  }

  /** One end of a connection between two that share a key which is in no file. */
  public static PskCredentials ofKey(TlsEndpoint endpoint, TlsPriority priority, byte[] key) {
    return new PskCredentials(endpoint, priority, key.clone());
  }

  /**
   * The keys in a folder.
   *
   * @param dir the folder, or null, which is refused
   * @param username as whom a client comes, or null for the usual one
   */
  public static PskCredentials load(
      @Nullable String dir, TlsEndpoint endpoint, @Nullable String username, TlsPriority priority)
      throws BlockException {
    if (endpoint == TlsEndpoint.SERVER && username != null) {
      throw new BlockException(Errno.EINVAL, "username should not be set when endpoint=server");
    }
    CredentialFile file = CredentialFile.in(dir, FILE);
    file.require();
    var loaded =
        new PskCredentials(endpoint, priority, file, username == null ? DEFAULT_USER : username);
    if (endpoint == TlsEndpoint.CLIENT) {
      loaded.key();
    }
    return loaded;
  }

  /**
   * A client's key, in a file of any name.
   *
   * @param username as whom it comes, or null for the usual one
   */
  public static PskCredentials ofFile(String path, @Nullable String username, TlsPriority priority)
      throws BlockException {
    CredentialFile file = CredentialFile.of(path);
    file.require();
    String user = username == null ? DEFAULT_USER : username;
    var loaded = new PskCredentials(TlsEndpoint.CLIENT, priority, file, user);
    loaded.key();
    return loaded;
  }

  @Override
  public TlsEndpoint endpoint() {
    return endpoint;
  }

  @Override
  public boolean verifiesPeer() {
    return true; // who does not know the key comes nowhere
  }

  @Override
  public TlsPriority priority() {
    return priority;
  }

  /** As whom a client comes. */
  public String username() {
    return username;
  }

  /** The client's own key. */
  public byte[] key() throws BlockException {
    byte[] key = key(username);
    if (key == null) {
      throw new BlockException(
          Errno.EINVAL,
          "Username " + username + " not found in PSK file " + (file == null ? "" : file.name()));
    }
    return key;
  }

  /** A user's key, or null if there is no such user. */
  public byte @Nullable [] key(String user) throws BlockException {
    if (file == null) {
      return only.clone();
    }
    String text = new String(file.read(), StandardCharsets.UTF_8);
    for (String line : text.split("\n", -1)) {
      int colon = line.lastIndexOf(':');
      if (colon > 0 && line.substring(0, colon).equals(user)) {
        try {
          return HexFormat.of().parseHex(line.substring(colon + 1).strip());
        } catch (IllegalArgumentException e) {
          throw new BlockException(
                  Errno.EINVAL, "The key of " + user + " in PSK file " + file.name() + " is none")
              .causedBy(e);
        }
      }
    }
    return null;
  }
}
