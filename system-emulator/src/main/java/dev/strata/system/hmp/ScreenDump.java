// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;
import dev.strata.system.device.vga.Picture;
import dev.strata.system.display.PictureFile;
import dev.strata.system.display.PictureFormat;
import java.util.List;

/** The screen, as a picture in a file. */
final class ScreenDump {
  static final String USAGE = "screendump filename [-f format] ";
  static final String HELP = "save the screen in 'format', ppm or png, as the picture 'filename'";

  private final MonitorSubject subject;

  ScreenDump(MonitorSubject subject) {
    this.subject = subject;
  }

  /** Runs the command: why it failed, in a line, or nothing. */
  String run(List<String> words) {
    if (words.isEmpty()) {
      return misused("filename expected");
    }
    PictureFormat format = PictureFormat.PPM;
    for (int index = 1; index < words.size(); index += 2) {
      if (!words.get(index).equals("-f")) {
        return "Error: Device '" + words.get(index) + "' not found\n";
      }
      if (index + 1 == words.size()) {
        return misused("value expected for -f");
      }
      PictureFormat known = PictureFormat.named(words.get(index + 1));
      if (known == null) {
        return "Error: invalid parameter value: " + words.get(index + 1) + "\n";
      }
      format = known;
    }
    Picture picture = subject.screen();
    if (picture == null) {
      return "Error: There is no console to take a screendump from\n";
    }
    try {
      PictureFile.write(picture, format, words.getFirst());
      return "";
    } catch (BlockException e) {
      return "Error: " + e.getMessage() + "\n";
    }
  }

  private static String misused(String why) {
    return "screendump: " + why + "\nTry \"help screendump\" for more information\n";
  }
}
