// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.testimages.crash.MemoryFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a flush that returned has promised is there, whichever later call fails. */
final class FlushFaultTest {
  private static final int MOST_CALLS = 5000;
  private static final int FIRST = 1024 / 512; // of the blocks that are flushed
  private static final int END = FIRST + 30720 / 512;
  private static final long FLUSHED = 0x0909090909090909L;
  private static final String WROTE = "wrote 30720/30720 bytes at offset 1024";

  private static Map<String, byte[]> images = Map.of();

  @BeforeAll
  static void makeImages() throws Exception {
    images = FaultImages.make();
  }

  @ParameterizedTest
  @CsvSource({"qcow2,image", "qcow2,dirty", "qcow2,packed", "qcow2,alone", "parallels,parallels"})
  void holdsWhatWasFlushed(String format, String name) throws Exception {
    boolean options = format.equals("parallels");
    var words = new ArrayList<>(List.of("qemu-io", "-d", "unmap"));
    words.addAll(options ? List.of("--image-opts") : List.of("-f", format));
    for (String command :
        List.of("write -P 9 1k 30k", "flush", "write -P 8 40k 90k", "discard 160k 64k")) {
      words.addAll(List.of("-c", command));
    }
    words.add(options ? FaultImages.parallels(name) : "memory:" + name);
    int promises = 0;
    for (Fault.Victim victim : Fault.Victim.values()) {
      for (Fault.Manner manner : Fault.Manner.values()) {
        boolean more = true;
        for (int number = 1; more && number < MOST_CALLS; number++) {
          var files = new MemoryFiles();
          images.forEach((file, bytes) -> files.put(file, bytes));
          MemoryProtocol.use(files);
          var fault = new Fault(victim, manner, number);
          files.gate(fault);
          ToolRun run = ToolRun.of(words);
          files.gate(MemoryFiles.Gate.OPEN);
          more = fault.happened();
          if (run.output().contains(WROTE) && !run.output().contains("flush failed")) {
            promises++;
            long[] now = FaultImages.values(format + ":" + name);
            for (int block = FIRST; block < END; block++) {
              assertEquals(FLUSHED, now[block], fault + " loses block " + block + "\n" + run);
            }
          }
        }
      }
    }
    assertTrue(promises > 0);
    System.out.println(name + ": " + promises + " promises, all kept");
  }
}
