// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.json.JsonNumber;
import dev.strata.block.json.JsonObject;
import dev.strata.monitor.command.Monitor;
import dev.strata.system.hmp.MonitorSubject;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.function.LongToIntFunction;

/**
 * Memory, as files: what is at physical addresses, or at those that the processor has now.
 *
 * @see "QEMU qapi/machine.json, memsave and pmemsave"
 */
final class MemoryCommands {
  private final MonitorSubject board;
  private final boolean hasProcessor;

  private MemoryCommands(MonitorSubject board, boolean hasProcessor) {
    this.board = board;
    this.hasProcessor = hasProcessor;
  }

  static void contribute(Monitor monitor, MonitorSubject board, boolean hasProcessor) {
    var own = new MemoryCommands(board, hasProcessor);
    monitor.commands().add("memsave", own::virtual);
    monitor.commands().add("pmemsave", own::physical);
  }

  private static long number(JsonObject arguments, String name) {
    return arguments.get(name) instanceof JsonNumber given ? given.bits() : 0;
  }

  private JsonObject virtual(JsonObject arguments) throws BlockException {
    if (!hasProcessor || number(arguments, "cpu-index") != 0) {
      throw new BlockException(Errno.EINVAL, "Parameter 'cpu-index' expects a CPU number");
    }
    return save(arguments, board::virtualByte);
  }

  private JsonObject physical(JsonObject arguments) throws BlockException {
    // Where there is nothing are zeroes.
    return save(arguments, address -> Math.max(0, board.physicalByte(address)));
  }

  private static JsonObject save(JsonObject arguments, LongToIntFunction memory)
      throws BlockException {
    long from = number(arguments, "val");
    long size = number(arguments, "size");
    if (size < 0) {
      throw new BlockException(Errno.EINVAL, "Parameter 'size' expects a size");
    }
    String name = Monitor.required(arguments, "filename");
    try (var out = new BufferedOutputStream(Files.newOutputStream(Path.of(name)))) {
      for (long done = 0; done < size; done++) {
        int value = memory.applyAsInt(from + done);
        if (value < 0) {
          throw new BlockException(
              Errno.EINVAL,
              "Invalid addr 0x"
                  + HexFormat.of().toHexDigits(from)
                  + "/size "
                  + size
                  + " specified");
        }
        out.write(value);
      }
    } catch (BlockException e) {
      throw e; // which is an IOException, too
    } catch (NoSuchFileException e) {
      throw new BlockException(
          Errno.ENOENT, "Could not open '" + name + "': No such file or directory");
    } catch (IOException | InvalidPathException e) {
      throw new BlockException(Errno.EIO, "Could not write '" + name + "': " + e.getMessage())
          .causedBy(e);
    }
    return new JsonObject();
  }
}
