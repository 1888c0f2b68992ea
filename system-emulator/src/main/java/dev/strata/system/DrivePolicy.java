// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.drive.DriveSettings;
import dev.strata.block.drive.ErrorPolicy;
import dev.strata.block.job.OnError;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.Drives.Connection;
import org.jspecify.annotations.Nullable;

/** What is done about a drive's failures, as {@code -drive} and {@code -device} have it. */
final class DrivePolicy {
  private DrivePolicy() {}

  /** Takes what {@code -drive} says of it. */
  static DriveSettings ofDrive(BlockOptions options, Connection connection) throws BlockException {
    boolean invalid = account(options, "stats-account-invalid");
    boolean failed = account(options, "stats-account-failed");
    String write = options.takeString("werror");
    String read = options.takeString("rerror");
    OnError onWrite = action("write", write, connection, ErrorPolicy.DEFAULT.onWrite());
    OnError onRead = action("read", read, connection, ErrorPolicy.DEFAULT.onRead());
    return new DriveSettings(
        new ErrorPolicy(onRead, onWrite), invalid, failed, DriveSettings.DEFAULT.media());
  }

  private static boolean account(BlockOptions options, String name) throws BlockException {
    Boolean given = options.takeBool(name);
    return given == null || given;
  }

  private static OnError action(
      String what, @Nullable String word, Connection connection, OnError otherwise)
      throws BlockException {
    if (word == null) {
      return otherwise;
    }
    if (connection == Connection.FLOPPY || connection == Connection.PFLASH) {
      throw CommandLine.error(what.charAt(0) + "error is not supported by this bus type");
    }
    OnError action = named(word);
    if (action == null || (action == OnError.ENOSPC && what.equals("read"))) {
      throw CommandLine.error("'" + word + "' invalid " + what + " error action");
    }
    return action;
  }

  /** Takes what {@code -device} says, which goes before what was said of the drive. */
  static DriveSettings ofDevice(BlockOptions properties, DriveSettings drive)
      throws BlockException {
    ErrorPolicy errors = drive.errors();
    return new DriveSettings(
        new ErrorPolicy(
            property(properties, "rerror", errors.onRead()),
            property(properties, "werror", errors.onWrite())),
        switched(properties, "account-invalid", drive.accountInvalid()),
        switched(properties, "account-failed", drive.accountFailed()),
        drive.media());
  }

  private static OnError property(BlockOptions properties, String name, OnError otherwise)
      throws BlockException {
    String word = properties.takeString(name);
    if (word == null || word.equals("auto")) {
      return otherwise;
    }
    OnError action = named(word);
    if (action == null) {
      throw refused(name, word);
    }
    return action;
  }

  private static boolean switched(BlockOptions properties, String name, boolean otherwise)
      throws BlockException {
    String word = properties.takeString(name);
    return switch (word) {
      case null -> otherwise;
      case "auto" -> otherwise;
      case "on" -> true;
      case "off" -> false;
      default -> throw refused(name, word);
    };
  }

  private static BlockException refused(String name, String word) {
    return CommandLine.error("Parameter '" + name + "' does not accept value '" + word + "'");
  }

  private static @Nullable OnError named(String word) {
    return switch (word) {
      case "report" -> OnError.REPORT;
      case "ignore" -> OnError.IGNORE;
      case "stop" -> OnError.STOP;
      case "enospc" -> OnError.ENOSPC;
      default -> null;
    };
  }
}
