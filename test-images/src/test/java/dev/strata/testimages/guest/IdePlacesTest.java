// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** IDE drives that are told no bus, or no unit, are where the reference has them. */
@Timeout(120)
final class IdePlacesTest {
  private static final Pattern BUS = Pattern.compile("\\s*bus: (ide\\.\\d)");
  private static final Pattern DEVICE = Pattern.compile("\\s*dev: (ide-\\w+), id \"(\\w*)\"");
  private static final Pattern UNIT = Pattern.compile("\\s*unit = (\\d).*");

  @TempDir Path folder;

  /** What is where, or why the machine is none. */
  private TreeSet<String> places(Emulator emulator, List<String> options) throws Exception {
    var words = new ArrayList<>(List.of("-nodefaults", "-S", "-monitor", "stdio"));
    words.addAll(options);
    var ended = emulator.run(folder, "info qtree\nquit\n", words.toArray(String[]::new));
    var found = new TreeSet<String>();
    String bus = "";
    String device = "";
    for (String line : ended.output().split("\r?\n")) {
      var inBus = BUS.matcher(line);
      var isDevice = DEVICE.matcher(line);
      var inUnit = UNIT.matcher(line);
      if (inBus.matches()) {
        bus = inBus.group(1);
      } else if (isDevice.matches()) {
        device = isDevice.group(1) + " " + isDevice.group(2);
      } else if (inUnit.matches() && device.startsWith("ide-")) {
        found.add(bus + " " + inUnit.group(1) + " " + device);
        device = "";
      }
    }
    if (ended.code() != 0) {
      found.add(ended.messages());
    }
    assertFalse(found.isEmpty(), ended.output());
    return found;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-device ide-hd,drive=a",
        "-device ide-hd,drive=a,id=x -device ide-hd,drive=b,id=y",
        "-device ide-hd,drive=a -device ide-hd,drive=b -device ide-hd,drive=c",
        "-drive format=raw,file=d -device ide-hd,drive=a -device ide-cd,id=y",
        "-drive format=raw,file=d,index=2 -device ide-hd,drive=a,id=x",
        "-device ide-hd,drive=a,id=x,unit=1 -device ide-cd,id=y",
        "-device ide-hd,drive=a,bus=ide.0 -device ide-hd,drive=b,bus=ide.0 -device ide-cd",
      })
  void placesAreThoseOfTheReference(String devices) throws Exception {
    assumeTrue(Emulator.areThere(), "no SeaBIOS, or no qemu-system-x86_64");
    Files.write(folder.resolve("d"), new byte[1 << 20]);
    var options = new ArrayList<String>();
    for (String id : List.of("a", "b", "c")) {
      Files.write(folder.resolve(id), new byte[1 << 20]);
      options.addAll(List.of("-drive", "if=none,format=raw,file=" + id + ",id=" + id));
    }
    options.addAll(List.of(devices.split(" ")));
    assertEquals(places(Emulator.REFERENCE, options), places(Emulator.OWN, options));
  }
}
