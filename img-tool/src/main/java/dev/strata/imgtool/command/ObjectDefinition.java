// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import dev.strata.imgtool.command.Arguments.UsageException;
import java.util.List;

/**
 * The argument of {@code --object}. No driver here uses an object yet, so none can be made: every
 * definition is an error, in the reference's words where it has one.
 */
final class ObjectDefinition {
  /** All types that the reference knows, whichever of its programs makes them. */
  private static final List<String> TYPES =
      List.of(
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

  private ObjectDefinition() {}

  /** Says what is wrong with the option's argument. */
  static UsageException refuse(Arguments arguments) {
    try {
      BlockOptions given =
          OptionString.parse(
              arguments.argument(), "qom-type", text -> arguments.wrongValue("warning: " + text));
      String type = required("qom-type", given);
      if (!TYPES.contains(type)) {
        throw new BlockException(
            Errno.EINVAL, "Parameter 'qom-type' does not accept value '" + type + "'");
      }
      required("id", given);
      throw new BlockException(
          Errno.EOPNOTSUPP, "Objects of type '" + type + "' are not supported yet");
    } catch (BlockException e) {
      return arguments.wrong(e);
    }
  }

  private static String required(String name, BlockOptions given) throws BlockException {
    String value = given.takeString(name);
    if (value == null) {
      throw new BlockException(Errno.EINVAL, "Parameter '" + name + "' is missing");
    }
    return value;
  }
}
