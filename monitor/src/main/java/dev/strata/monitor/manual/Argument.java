// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.manual;

import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.graph.DriverRegistry;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What arguments are, by the names that the option tables give them. */
final class Argument {
  /** The name of an image format. */
  static final String FORMAT = "FMT";

  /** The name of an image format that images can be made in. */
  static final String NEW_FORMAT = "NEW_FMT";

  /** A list of {@code name=value} that depends on the format. */
  static final String OPTIONS = "OPTIONS";

  private static final String CACHE = "CACHE";

  private Argument() {}

  /** The name alone: without brackets, dots, and what has to be written as it is. */
  static String plain(String name) {
    String plain = name.replace("[", "").replace("]", "").replace("...", "");
    return plain.substring(plain.indexOf('=') + 1);
  }

  /** What has to be written in front of the argument, as {@code if=}; mostly nothing. */
  static String prefix(String name) {
    String plain = name.replace("[", "");
    return plain.substring(0, plain.indexOf('=') + 1);
  }

  /** Whether it is a file's name. */
  static boolean isFile(String name) {
    String plain = plain(name);
    return plain.startsWith("FILE")
        || switch (plain) {
          case "SOURCE", "TARGET", "INPUT", "OUTPUT", "BACKING", "BASE" -> true;
          default -> false;
        };
  }

  /** All it can be, or empty where that is no list. */
  static List<String> words(ToolDescription tool, String name, DriverRegistry drivers) {
    String plain = plain(name);
    if (plain.indexOf('|') > 0 && Character.isLowerCase(plain.charAt(0))) {
      return List.of(plain.split("\\|"));
    }
    return switch (plain) {
      case FORMAT -> formats(drivers, false);
      case NEW_FORMAT -> formats(drivers, true);
      case CACHE -> List.of("none", "writeback", "writethrough", "directsync", "unsafe");
      // One word is a choice too; names of other arguments are in capitals.
      case "json" -> List.of(plain);
      default -> tool.words(plain);
    };
  }

  static List<String> formats(DriverRegistry drivers, boolean creating) {
    var names = new ArrayList<String>();
    for (BlockDriverFactory driver : drivers.all()) {
      if (driver.kind() == DriverKind.FORMAT && (driver.creates() || !creating)) {
        names.add(driver.name());
      }
    }
    return names;
  }

  /** What the manual says of arguments of that name, or null. */
  static @Nullable String meaning(String name) {
    return switch (plain(name)) {
      case FORMAT ->
          "The name of a driver, mostly of an image format. Without one the first bytes of the file"
              + " decide.";
      case NEW_FORMAT -> "The name of an image format that images can be made in.";
      case CACHE ->
          "How the host's cache is used: 'writeback' (writes are done when the host has them),"
              + " 'writethrough' (when they are on stable storage), 'none' (past the host's page"
              + " cache), 'directsync' (both of these) or 'unsafe' (flushes do nothing).";
      case OPTIONS -> "A list of name=value with commas between; a comma in a value is doubled.";
      case "OBJECT" -> "An object as its type and its properties: 'TYPE,id=ID,PROPERTY=VALUE,...'.";
      case "SIZE" ->
          "A number of bytes. The suffixes k, M, G, T, P and E mean 1024 bytes and so on.";
      case "FILE", "FILENAME" ->
          "An image: a path, 'protocol:...' or 'json:{...}'. With --image-opts it is a list of"
              + " options, as 'driver=qcow2,file.filename=disk.qcow2'.";
      case "SNAPSHOT" -> "The id or the name of an internal snapshot.";
      default -> null;
    };
  }
}
