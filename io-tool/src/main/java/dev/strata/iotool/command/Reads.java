// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.VmStateStore;
import dev.strata.block.graph.BlockBackend;
import dev.strata.monitor.commandline.GetOpt;
import java.util.List;

/** {@code read} and {@code readv}. */
final class Reads {
  private Reads() {}

  static void read(Session session, Words words) throws CommandFailure {
    boolean vmState = false;
    boolean forProgram = false;
    boolean quiet = false;
    boolean verbose = false;
    boolean compare = false;
    boolean narrowed = false;
    byte pattern = 0;
    long patternOffset = 0;
    long patternCount = -1;
    GetOpt options = words.options(session, "bCl:pP:qs:v");
    for (int option = options.next(); option != GetOpt.END; option = options.next()) {
      switch (option) {
        case 'b' -> vmState = true;
        case 'C' -> forProgram = true;
        case 'l' -> {
          narrowed = true;
          patternCount = Words.number(session, options.argument());
        }
        case 'p' -> {}
        case 'P' -> {
          compare = true;
          pattern = Words.pattern(options.argument());
        }
        case 'q' -> quiet = true;
        case 's' -> {
          narrowed = true;
          patternOffset = Words.number(session, options.argument());
        }
        case 'v' -> verbose = true;
        default -> throw CommandFailure.usage();
      }
    }
    List<String> operands = options.operands();
    if (operands.size() != 2) {
      throw CommandFailure.usage();
    }
    long offset = Words.number(session, operands.get(0));
    long count = Words.number(session, operands.get(1));
    if (count > Words.MAX_REQUEST) {
      throw CommandFailure.result(
          "length cannot exceed " + Words.MAX_REQUEST + ", given " + operands.get(1));
    }
    if (narrowed && !compare) {
      throw CommandFailure.usage();
    }
    if (patternCount < 0) {
      patternCount = count - patternOffset;
    }
    if (patternCount < 0 || patternOffset > count - patternCount) {
      throw CommandFailure.result("pattern verification range exceeds end of read data");
    }
    if (vmState) {
      Words.requireSectors(offset, count);
    }
    try (RequestBuffer buffer =
        compare || verbose
            ? RequestBuffer.of(session, count)
            : RequestBuffer.shared(session, count)) {
      long start = System.nanoTime();
      try {
        if (vmState) {
          vmStateOf(session.backend()).readVmState(offset, buffer.vector());
        } else {
          session.backend().read(offset, buffer.vector(), 0);
        }
      } catch (BlockException e) {
        throw CommandFailure.failed("read", e);
      }
      long nanos = System.nanoTime() - start;
      session.requests().print(session.output());
      boolean differs = compare && !buffer.isFilled(patternOffset, patternCount, pattern);
      if (differs) {
        session.print(differs(offset + patternOffset, patternCount));
      }
      if (!quiet) {
        if (verbose) {
          buffer.dump(session.output(), offset);
        }
        new RequestReport(false, forProgram).print(session.output(), "read", offset, count, nanos);
      }
      if (differs) {
        throw CommandFailure.told();
      }
    }
  }

  static String differs(long offset, long count) {
    return "Pattern verification failed at offset " + offset + ", " + count + " bytes";
  }

  static VmStateStore vmStateOf(BlockBackend backend) throws BlockException {
    return backend
        .node()
        .capability(VmStateStore.class)
        .orElseThrow(() -> BlockException.of(Errno.EOPNOTSUPP));
  }

  static void readv(Session session, Words words) throws CommandFailure {
    boolean forProgram = false;
    boolean quiet = false;
    boolean verbose = false;
    boolean compare = false;
    byte pattern = 0;
    GetOpt options = words.options(session, "CP:qv");
    for (int option = options.next(); option != GetOpt.END; option = options.next()) {
      switch (option) {
        case 'C' -> forProgram = true;
        case 'P' -> {
          compare = true;
          pattern = Words.pattern(options.argument());
        }
        case 'q' -> quiet = true;
        case 'v' -> verbose = true;
        default -> throw CommandFailure.usage();
      }
    }
    List<String> operands = options.operands();
    if (operands.size() < 2) {
      throw CommandFailure.usage();
    }
    long offset = Words.number(session, operands.get(0));
    long[] lengths = Words.lengths(session, operands.subList(1, operands.size()));
    long count = Words.sum(lengths);
    try (RequestBuffer buffer =
        compare || verbose
            ? RequestBuffer.of(session, lengths)
            : RequestBuffer.shared(session, lengths)) {
      long start = System.nanoTime();
      try {
        session.backend().read(offset, buffer.vector(), 0);
      } catch (BlockException e) {
        throw CommandFailure.failed("readv", e);
      }
      long nanos = System.nanoTime() - start;
      session.requests().print(session.output());
      boolean differs = compare && !buffer.isFilled(0, count, pattern);
      if (differs) {
        session.print(differs(offset, count));
      }
      if (!quiet) {
        if (verbose) {
          buffer.dump(session.output(), offset);
        }
        new RequestReport(false, forProgram).print(session.output(), "read", offset, count, nanos);
      }
      if (differs) {
        throw CommandFailure.told();
      }
    }
  }
}
