// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import dev.strata.system.machine.pc.PcIdentity;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Who the machine is: {@code -name}, {@code -uuid}, {@code -smbios type=1}. */
final class IdentityOptions {
  private static final String UUID_LAYOUT = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  private static final int LONGEST = 255;

  private @Nullable String name;
  private PcIdentity identity = PcIdentity.DEFAULT;

  IdentityOptions() {}

  /** What people call the machine, or null. */
  @Nullable String name() {
    return name;
  }

  PcIdentity identity() {
    return identity;
  }

  void name(String text) throws BlockException {
    BlockOptions options = parsed("-name", text, "guest");
    String given = options.takeString("guest");
    for (String other : options.names()) {
      throw CommandLine.error("-name " + text + ": Invalid parameter '" + other + "'");
    }
    name = given == null ? name : given;
  }

  void uuid(String text) throws BlockException {
    UUID uuid = parse(text);
    if (uuid == null) {
      throw CommandLine.error("-uuid " + text + ": failed to parse UUID string: wrong format");
    }
    identity = with(uuid);
  }

  void smbios(String text) throws BlockException {
    String given = "-smbios " + text + ": ";
    BlockOptions options = parsed("-smbios", text, null);
    String type = options.takeString("type");
    if (type == null) {
      throw CommandLine.error(
          given
              + (options.names().contains("file")
                  ? "only type=1 is supported"
                  : "Must specify type= or file="));
    }
    if (!type.equals("1")) {
      throw CommandLine.error(given + "of SMBIOS types, only 1 can be chosen");
    }
    String uuidText = options.takeString("uuid");
    UUID uuid = uuidText == null ? identity.uuid() : parse(uuidText);
    if (uuid == null) {
      throw CommandLine.error(given + "Invalid UUID");
    }
    PcIdentity before = with(uuid);
    identity =
        new PcIdentity(
            text(given, options, "manufacturer", before.manufacturer()),
            text(given, options, "product", before.product()),
            text(given, options, "version", before.version()),
            optional(given, options, "serial", before.serial()),
            uuid,
            optional(given, options, "sku", before.sku()),
            optional(given, options, "family", before.family()));
    for (String other : options.names()) {
      throw CommandLine.error(given + "Invalid parameter '" + other + "'");
    }
  }

  private PcIdentity with(UUID uuid) {
    return new PcIdentity(
        identity.manufacturer(),
        identity.product(),
        identity.version(),
        identity.serial(),
        uuid,
        identity.sku(),
        identity.family());
  }

  private static String text(String given, BlockOptions options, String key, String otherwise)
      throws BlockException {
    String value = optional(given, options, key, otherwise);
    return value == null ? otherwise : value;
  }

  private static @Nullable String optional(
      String given, BlockOptions options, String key, @Nullable String otherwise)
      throws BlockException {
    String value = options.takeString(key);
    if (value != null && value.length() > LONGEST) {
      throw CommandLine.error(given + key + " has more than " + LONGEST + " characters");
    }
    return value == null ? otherwise : value;
  }

  private static BlockOptions parsed(String option, String text, @Nullable String implied)
      throws BlockException {
    try {
      return OptionString.parse(text, implied, null);
    } catch (BlockException e) {
      throw e.during(option + " " + text);
    }
  }

  /** What 36 characters say, or null if they are no UUID. */
  private static @Nullable UUID parse(String text) {
    if (text.length() != UUID_LAYOUT.length()) {
      return null;
    }
    for (int at = 0; at < text.length(); at++) {
      boolean dash = UUID_LAYOUT.charAt(at) == '-';
      if (dash ? text.charAt(at) != '-' : Character.digit(text.charAt(at), 16) < 0) {
        return null;
      }
    }
    return UUID.fromString(text);
  }
}
