// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.monitor.commandline.Subcommand;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands by name. A command's class is loaded when it is chosen. */
public final class Commands {
  private Commands() {}

  /** The command of that name, or null. */
  public static @Nullable Subcommand find(String name) {
    return switch (name) {
      case "amend" -> new Amend();
      case "bench" -> new Bench();
      case "bitmap" -> new BitmapCommand();
      case "check" -> new Check();
      case "commit" -> new Commit();
      case "compare" -> new Compare();
      case "convert" -> new Convert();
      case "create" -> new Create();
      case "dd" -> new Dd();
      case "info" -> new Info();
      case "inspect" -> new Inspect();
      case "map" -> new MapCommand();
      case "measure" -> new Measure();
      case "rebase" -> new Rebase();
      case "resize" -> new Resize();
      case "snapshot" -> new SnapshotCommand();
      default -> null;
    };
  }

  /** The names of all commands, in the order of listings. */
  public static List<String> names() {
    return List.of(
        "amend",
        "bench",
        "bitmap",
        "check",
        "commit",
        "compare",
        "convert",
        "create",
        "dd",
        "info",
        "inspect",
        "map",
        "measure",
        "rebase",
        "resize",
        "snapshot");
  }
}
