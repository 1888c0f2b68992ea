// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The options of the driver.
 *
 * @see "QEMU qapi/block-core.json, BlockdevOptionsIscsi"
 */
final class IscsiOptions {
  private static final Option<String> TRANSPORT =
      Option.string("transport", "The iscsi transport type: tcp or iser");
  private static final Option<String> PORTAL =
      Option.string("portal", "The address of the iscsi portal");
  private static final Option<String> TARGET = Option.string("target", "The target iqn name");
  private static final Option<String> USER =
      Option.string("user", "User name to log in with; without it, no CHAP authentication");
  private static final Option<String> PASSWORD =
      Option.string("password", "Password for CHAP authentication");
  private static final Option<String> PASSWORD_SECRET =
      Option.string("password-secret", "ID of the secret providing the password for the login");
  private static final Option<Long> LUN = Option.number("lun", "LUN to connect to, default 0");
  private static final Option<String> INITIATOR_NAME =
      Option.string("initiator-name", "The iqn name to identify to the target as");
  private static final Option<String> HEADER_DIGEST =
      Option.string(
          "header-digest",
          "The desired header digest: crc32c, crc32c-none, none-crc32c (default) or none");
  private static final Option<Long> TIMEOUT =
      Option.number("timeout", "Timeout in seconds of a request, default 0 for none");

  static final OptionSchema OPEN =
      OptionSchema.of(
          TRANSPORT,
          PORTAL,
          TARGET,
          USER,
          PASSWORD,
          PASSWORD_SECRET,
          LUN,
          INITIATOR_NAME,
          HEADER_DIGEST,
          TIMEOUT);

  /** What QEMU calls itself where no machine has a name. */
  private static final String DEFAULT_INITIATOR = "iqn.2008-11.org.linux-kvm";

  /** Of names, portals and passwords in bytes: longer ones the library would cut. */
  private static final int MAX_TEXT = 255;

  private static final int MAX_LUN = 0xffff;

  private IscsiOptions() {}

  /**
   * Takes all of the driver's options.
   *
   * @param objects of which one may be the password
   */
  static IscsiSettings take(BlockOptions options, ObjectRegistry objects) throws BlockException {
    String transport = options.take(TRANSPORT);
    String portal = options.take(PORTAL);
    String target = options.take(TARGET);
    long lun = options.take(LUN, 0L);
    if (transport == null || portal == null || target == null) {
      throw new BlockException(EINVAL, "Need all of transport, portal and target options");
    }
    int transportNumber =
        switch (transport) {
          case "tcp" -> 0;
          case "iser" -> 1;
          default -> throw new BlockException(EINVAL, "Unknown transport: " + transport);
        };
    if (lun < 0 || lun > MAX_LUN) {
      throw new BlockException(EINVAL, "lun must be between 0 and " + MAX_LUN + ", not " + lun);
    }
    IscsiSettings.Chap chap = takeChap(options, objects);
    int digest = digest(options.take(HEADER_DIGEST, "none-crc32c"));
    long timeout = options.take(TIMEOUT, 0L);
    if (timeout < 0 || timeout > Integer.MAX_VALUE) {
      throw new BlockException(EINVAL, "timeout is out of range: " + timeout);
    }
    String initiator = options.take(INITIATOR_NAME, DEFAULT_INITIATOR);
    return new IscsiSettings(
        transportNumber,
        bounded("portal", portal),
        bounded("target", target),
        (int) lun,
        chap,
        bounded("initiator-name", initiator),
        digest,
        (int) timeout);
  }

  private static IscsiSettings.@Nullable Chap takeChap(BlockOptions options, ObjectRegistry objects)
      throws BlockException {
    String user = options.take(USER);
    String secret = options.take(PASSWORD_SECRET);
    String password = options.take(PASSWORD);
    if (user == null) {
      return null;
    }
    if (secret != null && password != null) {
      throw new BlockException(
          EINVAL, "'password' and 'password-secret' properties are mutually exclusive");
    }
    if (secret != null) {
      password = objects.secret(secret).text(secret);
    }
    if (password == null) {
      throw new BlockException(EINVAL, "CHAP username specified but no password was given");
    }
    return new IscsiSettings.Chap(bounded("user", user), bounded("password", password));
  }

  private static int digest(String word) throws BlockException {
    return switch (word) {
      case "none" -> 0;
      case "none-crc32c" -> 1;
      case "crc32c-none" -> 2;
      case "crc32c" -> 3;
      default -> throw new BlockException(EINVAL, "Invalid header-digest setting : " + word);
    };
  }

  private static String bounded(String name, String value) throws BlockException {
    if (value.getBytes(StandardCharsets.UTF_8).length > MAX_TEXT) {
      throw new BlockException(EINVAL, name + " is longer than " + MAX_TEXT + " bytes");
    }
    if (value.indexOf('\0') >= 0) {
      throw new BlockException(EINVAL, name + " contains a byte of value 0");
    }
    return value;
  }
}
