// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What listings say of floppy drives, and what their drives are called, is the reference's. */
@Timeout(180)
final class FloppyPropertiesTest {
  private static final Pattern CONTROLLER = Pattern.compile(" {10}dev: isa-fdc, .*");
  private static final Pattern NEXT = Pattern.compile(" {10}dev: .*");
  private static final Pattern DRIVE =
      Pattern.compile("((?!bus)[\\w-]+)( \\(.*\\))?: (\\[not inserted\\]|\\w).*");

  @TempDir Path folder;

  private static List<String> said(String output) {
    var found = new ArrayList<String>();
    boolean inside = false;
    for (String line : output.split("\r?\n")) {
      if (CONTROLLER.matcher(line).matches()) {
        inside = true;
      } else if (inside && NEXT.matcher(line).matches()) {
        inside = false;
      }
      var drive = DRIVE.matcher(line);
      if (inside) {
        found.add(line);
      } else if (drive.matches()) {
        found.add(drive.group(1));
      }
    }
    return found;
  }

  private List<String> listed(Emulator emulator, String options) throws Exception {
    var words = new ArrayList<>(List.of("-S", "-monitor", "stdio"));
    words.addAll(List.of(options.split(" ")));
    var ended =
        emulator.run(folder, "info qtree\ninfo block\nquit\n", words.toArray(String[]::new));
    if (ended.code() != 0) {
      return List.of(ended.messages().strip().replaceFirst("^.*?qemu-system-x86_64: ", ""));
    }
    return said(ended.output());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-net none",
        "-nodefaults",
        "-drive if=floppy,index=1,format=raw,file=a",
        "-fda a -fdb b",
        "-drive if=none,format=raw,file=a -device floppy,drive=none0,id=x,unit=1",
        "-nodefaults -device floppy,write-cache=off,share-rw=on,account-failed=off,drive-type=144"
            + " -device floppy,account-invalid=on,drive-type=120",
        "-fda a -drive if=none,format=raw,file=b,id=y -drive if=none -device floppy,drive=y",
        "-drive if=none -drive if=none,index=5 -drive if=none",
        "-drive if=none -drive if=none,index=0",
        "-drive if=none,format=raw,file=a -global floppy.drive=none0",
        "-drive if=none,format=raw,file=a -global floppy.drive=none0 -device floppy,unit=0",
        "-drive if=none -global floppy.drive=none0 -device floppy -device floppy",
        "-drive if=none -global floppy.drive=none0 -device floppy,drive=none0",
        "-fda a -drive if=none -global driver=floppy,property=drive,value=none0",
        "-nodefaults -global floppy.drive=absent -device floppy",
        "-device floppy,drive=floppy0",
      })
  void listingsAreThoseOfTheReference(String options) throws Exception {
    assumeTrue(Emulator.areThere(), "no SeaBIOS, or no qemu-system-x86_64");
    for (String image : List.of("a", "b")) {
      Files.write(folder.resolve(image), new byte[1440 << 10]);
    }
    List<String> expected = listed(Emulator.REFERENCE, options);
    assertFalse(expected.isEmpty());
    assertEquals(String.join("\n", expected), String.join("\n", listed(Emulator.OWN, options)));
  }
}
