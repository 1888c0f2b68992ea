// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool;

import dev.strata.iotool.command.Commands;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.manual.ToolDescription;
import java.util.ArrayList;
import java.util.List;

/** {@code qemu-io} as its help, its manual and its completion see it. */
public final class IoDescription implements ToolDescription {
  static final String VERSION = "qemu-io version 7.2.22 (Strata 0.1.0)";

  /** For the service loader. */
  public IoDescription() {}

  @Override
  public String name() {
    return "qemu-io";
  }

  @Override
  public String shortName() {
    return "io";
  }

  @Override
  public String version() {
    return VERSION + "\n";
  }

  @Override
  public OptionTable options() {
    return CommandLine.options();
  }

  @Override
  public Description describe() {
    return Description.of(
        "reads and writes disk images by commands",
        """
        Without -c, commands are read from standard input. 'qemu-io -c help' lists them, and
        'qemu-io -c "help read"' explains one.

        The exit code is 1 if a command failed.
        """,
        "qemu-io -c 'write -P 7 0 1M' -c 'read -P 7 0 1M' disk.qcow2",
        "writes a mebibyte of sevens and checks that it is there",
        "qemu-io -f raw -r -c 'read -v 0 512' disk.raw",
        "shows the first sector");
  }

  @Override
  public List<Topic> topics() {
    var items = new ArrayList<Topic.Item>();
    for (String name : Commands.names()) {
      String usage = Commands.usage(name);
      int end = usage.indexOf(" -- ");
      String text = usage.substring(end + 4) + "\n" + Commands.details(name).stripTrailing();
      items.add(new Topic.Item(usage.substring(0, end).strip(), text));
    }
    return List.of(new Topic("commands", items));
  }

  @Override
  public List<String> words(String argument) {
    return argument.equals("STRING") ? Commands.names() : List.of();
  }
}
