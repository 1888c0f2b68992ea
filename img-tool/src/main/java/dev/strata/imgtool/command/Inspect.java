// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.driver.SafetyFinding;
import dev.strata.block.image.SafetyInspection;
import dev.strata.block.image.SafetyReport;
import dev.strata.block.json.JsonWriter;
import dev.strata.block.option.Printable;
import dev.strata.block.option.Size;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.Terminal;

/** {@code qemu-img inspect}, which the reference does not have. */
final class Inspect extends ImageCommand {
  private static final int SAFETY = FIRST_OWN;

  private static final int DANGEROUS = 2;
  private static final int SUSPICIOUS = 3;

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('h', "help", null, "show this help and end")
        .with('f', "format", "FMT", "the image's format; guessed if not given")
        .with('U', "force-share", null, "look also while others write")
        .with(SAFETY, "safety", null, "tell whether a stranger's image can be opened")
        .with(OUTPUT, "output", "human|json", "for people (the default) or for programs")
        .with(IMAGE_OPTS, "image-opts", null, "FILENAME is a list of options")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .operand("FILENAME");
  }

  @Override
  public Description describe() {
    return Description.of(
        "tells what there is to fear of an image",
        """
        With --safety, the one thing that there is to ask for, the verdict is 'safe', 'suspicious'
        or 'dangerous', with a line for each finding: other files that the image names, encryption,
        damage, features that are not known, sizes that do not fit each other, and what other
        programs would take the same file for. No file that the image names is opened.

        The exit code is 0 if the image is safe, 1 if it could not be looked at, 2 if it is
        dangerous and 3 if it is suspicious. Other commands refuse dangerous images with
        --untrusted.
        """,
        "qemu-img inspect --safety upload.img",
        "tells whether the image can be opened",
        "prlimit --as=1073741824 --cpu=30 qemu-img inspect --safety --output=json upload.img",
        "tells it to a program, within limits");
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    boolean safety = false;
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case SAFETY -> safety = true;
        default -> take(option, arguments, opener);
      }
    }
    String filename = arguments.onlyImage();
    boolean json = isJsonOutput(arguments);
    opener.requireOneFormat(arguments);
    if (!safety) {
      throw arguments.wrong("Expecting --safety");
    }
    SafetyReport report = SafetyInspection.of(opener.imageFile(filename));
    terminal.out().print(json ? JsonWriter.pretty(report.toJson()) + "\n" : toText(report));
    return switch (report.verdict()) {
      case SAFE -> 0;
      case SUSPICIOUS -> SUSPICIOUS;
      case DANGEROUS -> DANGEROUS;
    };
  }

  private static String toText(SafetyReport report) {
    var text = new StringBuilder();
    text.append("image: ").append(Printable.of(report.filename())).append('\n');
    text.append("file format: ").append(report.format()).append('\n');
    if (report.virtualSize() >= 0) {
      text.append("virtual size: ").append(Size.human(report.virtualSize())).append('\n');
    }
    if (report.fileSize() >= 0) {
      text.append("file size: ").append(Size.human(report.fileSize())).append('\n');
    }
    text.append("verdict: ").append(report.verdict().word()).append('\n');
    for (SafetyFinding finding : report.findings()) {
      text.append(finding.severity().word()).append(": ").append(finding.topic()).append(": ");
      text.append(Printable.of(finding.text()));
      text.append("; ").append(finding.advice()).append('\n');
    }
    return text.toString();
  }
}
