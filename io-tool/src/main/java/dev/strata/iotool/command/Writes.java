// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.RequestFlags;
import dev.strata.monitor.commandline.GetOpt;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code write}, {@code writev} and {@code discard}. */
final class Writes {
  static final byte DEFAULT_PATTERN = (byte) 0xcd;

  private Writes() {}

  static void write(Session session, Words words) throws CommandFailure {
    boolean vmState = false;
    boolean compressed = false;
    boolean forProgram = false;
    boolean quiet = false;
    boolean zeroes = false;
    boolean patternGiven = false;
    byte pattern = DEFAULT_PATTERN;
    String source = null;
    int flags = 0;
    GetOpt options = words.options(session, "bcCfnpP:qs:uz");
    for (int option = options.next(); option != GetOpt.END; option = options.next()) {
      switch (option) {
        case 'b' -> vmState = true;
        case 'c' -> compressed = true;
        case 'C' -> forProgram = true;
        case 'f' -> flags |= RequestFlags.FUA;
        case 'n' -> flags |= RequestFlags.NO_FALLBACK;
        case 'p' -> {}
        case 'P' -> {
          patternGiven = true;
          pattern = Words.pattern(options.argument());
        }
        case 'q' -> quiet = true;
        case 's' -> source = options.argument();
        case 'u' -> flags |= RequestFlags.MAY_UNMAP;
        case 'z' -> zeroes = true;
        default -> throw CommandFailure.usage();
      }
    }
    List<String> operands = options.operands();
    if (operands.size() != 2) {
      throw CommandFailure.usage();
    }
    if (vmState && zeroes) {
      throw CommandFailure.result("-b and -z cannot be specified at the same time");
    }
    if (RequestFlags.has(flags, RequestFlags.FUA) && (vmState || compressed)) {
      throw CommandFailure.result("-f and -b or -c cannot be specified at the same time");
    }
    requireZeroes(zeroes, flags);
    if ((zeroes ? 1 : 0) + (patternGiven ? 1 : 0) + (source == null ? 0 : 1) > 1) {
      throw CommandFailure.result("Only one of -z, -P, and -s can be specified at the same time");
    }
    long offset = Words.number(session, operands.get(0));
    long count = Words.number(session, operands.get(1));
    if (count > Words.MAX_REQUEST && !RequestFlags.has(flags, RequestFlags.NO_FALLBACK)) {
      throw CommandFailure.result(
          "length cannot exceed " + Words.MAX_REQUEST + " without -n, given " + operands.get(1));
    }
    if (vmState || compressed) {
      Words.requireSectors(offset, count);
    }
    long nanos =
        zeroes
            ? writeZeroes(session, offset, count, flags)
            : writeData(session, offset, count, flags, vmState, compressed, pattern, source);
    session.requests().print(session.output());
    new RequestReport(quiet, forProgram).print(session.output(), "wrote", offset, count, nanos);
  }

  static void requireZeroes(boolean zeroes, int flags) throws CommandFailure {
    if (!zeroes && RequestFlags.has(flags, RequestFlags.NO_FALLBACK)) {
      throw CommandFailure.result("-n requires -z to be specified");
    }
    if (!zeroes && RequestFlags.has(flags, RequestFlags.MAY_UNMAP)) {
      throw CommandFailure.result("-u requires -z to be specified");
    }
  }

  private static long writeZeroes(Session session, long offset, long count, int flags)
      throws CommandFailure {
    long start = System.nanoTime();
    try {
      session.backend().writeZeroes(offset, count, flags);
    } catch (BlockException e) {
      throw CommandFailure.failed("write", e);
    }
    return System.nanoTime() - start;
  }

  private static long writeData(
      Session session,
      long offset,
      long count,
      int flags,
      boolean vmState,
      boolean compressed,
      byte pattern,
      @Nullable String source)
      throws CommandFailure {
    try (RequestBuffer buffer =
        source == null
            ? RequestBuffer.shared(session, count).fill(pattern)
            : fromFile(session, count, source)) {
      long start = System.nanoTime();
      try {
        if (vmState) {
          Reads.vmStateOf(session.backend()).writeVmState(offset, buffer.vector());
        } else {
          int all = compressed ? flags | RequestFlags.COMPRESSED : flags;
          session.backend().write(offset, buffer.vector(), all);
        }
      } catch (BlockException e) {
        throw CommandFailure.failed("write", e);
      }
      return System.nanoTime() - start;
    }
  }

  private static RequestBuffer fromFile(Session session, long count, String source)
      throws CommandFailure {
    RequestBuffer buffer = RequestBuffer.of(session, count);
    try {
      return buffer.fillFrom(source);
    } catch (CommandFailure e) {
      buffer.close();
      throw e;
    }
  }

  static void writev(Session session, Words words) throws CommandFailure {
    boolean forProgram = false;
    boolean quiet = false;
    byte pattern = DEFAULT_PATTERN;
    int flags = 0;
    GetOpt options = words.options(session, "CfP:q");
    for (int option = options.next(); option != GetOpt.END; option = options.next()) {
      switch (option) {
        case 'C' -> forProgram = true;
        case 'f' -> flags |= RequestFlags.FUA;
        case 'P' -> pattern = Words.pattern(options.argument());
        case 'q' -> quiet = true;
        default -> throw CommandFailure.usage();
      }
    }
    List<String> operands = options.operands();
    if (operands.size() < 2) {
      throw CommandFailure.usage();
    }
    long offset = Words.number(session, operands.get(0));
    long[] lengths = Words.lengths(session, operands.subList(1, operands.size()));
    try (RequestBuffer buffer = RequestBuffer.shared(session, lengths).fill(pattern)) {
      long start = System.nanoTime();
      try {
        session.backend().write(offset, buffer.vector(), flags);
      } catch (BlockException e) {
        throw CommandFailure.failed("writev", e);
      }
      long nanos = System.nanoTime() - start;
      session.requests().print(session.output());
      new RequestReport(quiet, forProgram)
          .print(session.output(), "wrote", offset, Words.sum(lengths), nanos);
    }
  }

  static void discard(Session session, Words words) throws CommandFailure {
    boolean forProgram = false;
    boolean quiet = false;
    GetOpt options = words.options(session, "Cq");
    for (int option = options.next(); option != GetOpt.END; option = options.next()) {
      switch (option) {
        case 'C' -> forProgram = true;
        case 'q' -> quiet = true;
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
    long start = System.nanoTime();
    try {
      session.backend().discard(offset, count);
    } catch (BlockException e) {
      throw CommandFailure.failed("discard", e);
    }
    long nanos = System.nanoTime() - start;
    session.requests().print(session.output());
    new RequestReport(quiet, forProgram).print(session.output(), "discard", offset, count, nanos);
  }
}
