// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The types of objects that there are. */
final class ObjectTypes {
  /** Those that can be made, by name. */
  static final List<ObjectType> ALL =
      List.of(
          new AuthorizationListType(),
          new AuthorizationListFileType(),
          new AuthorizationSimpleType(),
          new SecretType(),
          new ThrottleGroupType(),
          new TlsAnonymousType(),
          new TlsPskType(),
          new TlsX509Type());

  /** Those that the reference's schema knows. */
  private static final Set<String> KNOWN =
      Set.of(
          "authz-list",
          "authz-listfile",
          "authz-pam",
          "authz-simple",
          "can-bus",
          "can-host-socketcan",
          "colo-compare",
          "cryptodev-backend",
          "cryptodev-backend-builtin",
          "cryptodev-backend-lkcf",
          "cryptodev-vhost-user",
          "dbus-vmstate",
          "filter-buffer",
          "filter-dump",
          "filter-mirror",
          "filter-redirector",
          "filter-replay",
          "filter-rewriter",
          "input-barrier",
          "input-linux",
          "iothread",
          "main-loop",
          "memory-backend-epc",
          "memory-backend-file",
          "memory-backend-memfd",
          "memory-backend-ram",
          "pef-guest",
          "pr-manager-helper",
          "qtest",
          "rng-builtin",
          "rng-egd",
          "rng-random",
          "s390-pv-guest",
          "secret",
          "secret_keyring",
          "sev-guest",
          "thread-context",
          "throttle-group",
          "tls-creds-anon",
          "tls-creds-psk",
          "tls-creds-x509",
          "tls-cipher-suites",
          "x-remote-object",
          "x-vfio-user-server");

  private ObjectTypes() {}

  /** The type of that name, or null. */
  static @Nullable ObjectType find(String name) {
    for (ObjectType type : ALL) {
      if (type.name().equals(name)) {
        return type;
      }
      if (type instanceof AuthorizationListFileType
          && name.equals(AuthorizationListFileType.OTHER_NAME)) {
        return type;
      }
    }
    return null;
  }

  /** Whether the reference has a type of that name, in whichever of its programs. */
  static boolean isKnown(String name) {
    return KNOWN.contains(name);
  }
}
