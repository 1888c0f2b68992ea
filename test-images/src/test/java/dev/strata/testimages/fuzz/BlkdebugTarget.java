// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.BlockException;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.filter.blkdebug.BlkdebugFactory;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads a configuration file of {@code blkdebug}; what begins with a comma is a list of options.
 */
final class BlkdebugTarget implements FuzzTarget {
  private Path file;

  @Override
  public String name() {
    return "blkdebug";
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        bytes(
            "[inject-error]\nevent = \"read_aio\"\nerrno = \"5\"\nsector = \"1\"\nonce = \"on\"\n"),
        bytes("[set-state]\nevent = \"flush_to_os\"\nstate = \"1\"\nnew_state = \"2\"\n"),
        bytes("# comment\n\n[inject-error \"a\"]\n event = \"none\"\n"),
        bytes(",inject-error.0.event=read_aio,inject-error.0.iotype=read,align=512"),
        bytes(",take-child-perms.0=write,max-transfer=1M,opt-write-zero=4k,set-state.0.event=x"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void run(byte[] input) throws IOException {
    BlockOptions options;
    if (input.length > 0 && input[0] == ',') {
      String text = new String(input, 1, input.length - 1, StandardCharsets.UTF_8);
      options = OptionString.parse(text, null, null);
      options.remove("config"); // which would be a file that the fuzzer chooses
    } else {
      if (file == null) {
        file = Files.createTempFile("blkdebug", ".conf");
        file.toFile().deleteOnExit();
      }
      Files.write(file, input);
      options = BlockOptions.of("config", file.toString());
    }
    for (String name : List.copyOf(options.names())) {
      if (name.equals("image") || name.startsWith("image.") || name.equals("x-image")) {
        options.remove(name);
      }
    }
    options.put("driver", "blkdebug");
    options.put("image.driver", "file");
    options.put("image.filename", Disk.IMAGE);
    var folder = new OneFolder(false).with(Disk.IMAGE, new byte[4096]);
    var drivers = new DriverRegistry(List.of(new BlkdebugFactory(), folder));
    try (var graph = new BlockGraph(drivers, line -> {})) {
      graph.open(new OpenRequest(null, options, NodeFlags.READ_ONLY, false, false, OpenGate.DENY));
    } catch (BlockException e) {
      String message = e.getMessage();
      if (message.contains("No such file")) {
        throw new Finding("the configuration was not found", e);
      }
      throw e;
    }
  }
}
