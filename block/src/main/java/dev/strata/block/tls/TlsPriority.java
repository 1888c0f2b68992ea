// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.tls;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What may be negotiated: the part of GnuTLS's priority strings that is of use with TLS 1.2 and 1.3
 * and ciphers that authenticate. Immutable.
 *
 * @param versions the versions of the protocol
 * @param ciphers the ciphers
 * @param exchanges how keys are agreed upon in TLS 1.2, if by certificates
 * @see "GnuTLS manual, Priority Strings"
 */
public record TlsPriority(Set<Version> versions, Set<Cipher> ciphers, Set<Exchange> exchanges) {
  /** A version of the protocol. */
  public enum Version {
    TLS_1_2("VERS-TLS1.2"),
    TLS_1_3("VERS-TLS1.3");

    private final String word;

    Version(String word) {
      this.word = word;
    }
  }

  /** A cipher. */
  public enum Cipher {
    AES_128_GCM("AES-128-GCM"),
    AES_256_GCM("AES-256-GCM"),
    CHACHA20_POLY1305("CHACHA20-POLY1305");

    private final String word;

    Cipher(String word) {
      this.word = word;
    }
  }

  /** How keys are agreed upon in TLS 1.2. */
  public enum Exchange {
    ECDHE_RSA("ECDHE-RSA"),
    ECDHE_ECDSA("ECDHE-ECDSA"),
    DHE_RSA("DHE-RSA"),
    ECDHE_PSK("ECDHE-PSK"),
    DHE_PSK("DHE-PSK"),
    PSK("PSK"),
    ANON_DH("ANON-DH"),
    ANON_ECDH("ANON-ECDH");

    private final String word;

    Exchange(String word) {
      this.word = word;
    }
  }

  /** All that is secure. */
  public static final TlsPriority NORMAL =
      new TlsPriority(
          EnumSet.allOf(Version.class), EnumSet.allOf(Cipher.class), EnumSet.allOf(Exchange.class));

  /** Words for what is never negotiated: to take them away changes nothing. */
  private static final Set<String> NEVER =
      Set.of(
          "VERS-SSL3.0",
          "VERS-TLS1.0",
          "VERS-TLS1.1",
          "VERS-DTLS1.0",
          "VERS-DTLS1.2",
          "VERS-DTLS-ALL",
          "RSA",
          "DHE-DSS",
          "RSA-PSK",
          "SRP",
          "SRP-RSA",
          "SRP-DSS",
          "AES-128-CBC",
          "AES-192-CBC",
          "AES-256-CBC",
          "AES-128-CCM",
          "AES-256-CCM",
          "AES-128-CCM-8",
          "AES-256-CCM-8",
          "CAMELLIA-128-CBC",
          "CAMELLIA-256-CBC",
          "CAMELLIA-128-GCM",
          "CAMELLIA-256-GCM",
          "3DES-CBC",
          "DES-CBC",
          "ARCFOUR-128",
          "MD5",
          "SHA1",
          "SHA256",
          "SHA384",
          "COMP-DEFLATE",
          "NULL");

  /**
   * Reads a priority string.
   *
   * @param text null for the default
   */
  public static TlsPriority parse(@Nullable String text) throws BlockException {
    if (text == null) {
      return NORMAL;
    }
    var versions = EnumSet.noneOf(Version.class);
    var ciphers = EnumSet.noneOf(Cipher.class);
    var exchanges = EnumSet.noneOf(Exchange.class);
    String[] words = text.split(":", -1);
    for (int i = 0; i < words.length; i++) {
      String word = words[i];
      boolean known;
      if (isChange(word)) {
        known = change(word, versions, ciphers, exchanges);
      } else {
        known = i == 0 && startWith(word, versions, ciphers, exchanges);
      }
      if (!known) {
        throw new BlockException(
            Errno.EINVAL,
            "Unable to set TLS session priority " + text + ": '" + word + "' is not supported");
      }
    }
    if (versions.isEmpty() || ciphers.isEmpty()) {
      throw new BlockException(
          Errno.EINVAL,
          "Unable to set TLS session priority " + text + ": it leaves nothing to be negotiated");
    }
    return new TlsPriority(versions, ciphers, exchanges);
  }

  private static boolean isChange(String word) {
    return !word.isEmpty() && "+-!".indexOf(word.charAt(0)) >= 0;
  }

  private static boolean startWith(
      String word, Set<Version> versions, Set<Cipher> ciphers, Set<Exchange> exchanges) {
    switch (word) {
      case "NORMAL", "PERFORMANCE", "SECURE", "SECURE128", "PFS", "LEGACY", "SYSTEM", "@SYSTEM" ->
          ciphers.addAll(NORMAL.ciphers);
      case "SECURE192", "SECURE256" -> {
        ciphers.add(Cipher.AES_256_GCM);
        ciphers.add(Cipher.CHACHA20_POLY1305);
      }
      case "NONE" -> {
        return true;
      }
      default -> {
        return false;
      }
    }
    versions.addAll(NORMAL.versions);
    exchanges.addAll(NORMAL.exchanges);
    return true;
  }

  private static boolean change(
      String word, Set<Version> versions, Set<Cipher> ciphers, Set<Exchange> exchanges) {
    boolean add = word.charAt(0) == '+';
    String name = word.substring(1);
    switch (name) {
      case "VERS-ALL", "VERS-TLS-ALL" -> {
        return change(versions, NORMAL.versions, add);
      }
      case "CIPHER-ALL" -> {
        return change(ciphers, NORMAL.ciphers, add);
      }
      case "KX-ALL" -> {
        return change(exchanges, NORMAL.exchanges, add);
      }
      case "MAC-ALL",
          "AEAD",
          "COMP-ALL",
          "COMP-NULL",
          "CTYPE-ALL",
          "CTYPE-X509",
          "SIGN-ALL",
          "GROUP-ALL",
          "CURVE-ALL" -> {
        return add; // there is no other choice
      }
      default -> {}
    }
    for (Version version : Version.values()) {
      if (version.word.equals(name)) {
        return change(versions, Set.of(version), add);
      }
    }
    for (Cipher cipher : Cipher.values()) {
      if (cipher.word.equals(name)) {
        return change(ciphers, Set.of(cipher), add);
      }
    }
    for (Exchange exchange : Exchange.values()) {
      if (exchange.word.equals(name)) {
        return change(exchanges, Set.of(exchange), add);
      }
    }
    return !add && NEVER.contains(name);
  }

  private static <T> boolean change(Set<T> set, Set<T> what, boolean add) {
    if (add) {
      set.addAll(what);
    } else {
      set.removeAll(what);
    }
    return true;
  }
}
