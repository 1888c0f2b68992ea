// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool;

import dev.strata.imgtool.command.Commands;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Subcommand;
import dev.strata.monitor.manual.ToolDescription;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code qemu-img} as its help, its manual and its completion see it. */
public final class ImgDescription implements ToolDescription {
  /** For the service loader. */
  public ImgDescription() {}

  @Override
  public String name() {
    return "qemu-img";
  }

  @Override
  public String shortName() {
    return "img";
  }

  @Override
  public String version() {
    return QemuImg.VERSION;
  }

  @Override
  public OptionTable options() {
    return QemuImg.options();
  }

  @Override
  public Description describe() {
    return Description.of(
        "creates, inspects, converts and changes disk images",
        """
        Command lines, output and images are those of the program of the same name in QEMU 7.2.
        Images that a running virtual machine uses are locked: commands that would write them are
        refused, and -U lets others read them.

        If SOURCE_DATE_EPOCH is set in the environment, the same input makes the same bytes.
        """,
        "qemu-img create -f qcow2 disk.qcow2 10G",
        "makes an image of 10 GiB that takes space as it is written",
        "qemu-img convert -O raw disk.qcow2 disk.raw",
        "makes a raw image of it");
  }

  @Override
  public List<String> commands() {
    return Commands.names();
  }

  @Override
  public @Nullable Subcommand command(String name) {
    return Commands.find(name);
  }

  @Override
  public List<Topic> topics() {
    return List.of(
        new Topic(
            "exit status",
            List.of(
                new Topic.Item("0", "The command did what it was asked to."),
                new Topic.Item("1", "It failed, and one line on standard error says why."),
                new Topic.Item("others", "See 'check' and 'compare'."))));
  }
}
