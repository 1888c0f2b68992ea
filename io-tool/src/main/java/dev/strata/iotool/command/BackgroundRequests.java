// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.RequestFlags;
import dev.strata.block.graph.BlockBackend;
import dev.strata.monitor.commandline.GetOpt;
import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code aio_read}, {@code aio_write} and {@code aio_flush}. */
final class BackgroundRequests {
  private BackgroundRequests() {}

  static void read(Session session, Words words) throws CommandFailure {
    boolean forProgram = false;
    boolean quiet = false;
    boolean verbose = false;
    boolean compare = false;
    byte pattern = 0;
    GetOpt options = words.options(session, "CP:iqv");
    for (int option = options.next(); option != GetOpt.END; option = options.next()) {
      switch (option) {
        case 'C' -> forProgram = true;
        case 'P' -> {
          compare = true;
          pattern = Words.pattern(options.argument());
        }
        case 'i' -> {
          // The reference counts an invalid request here; nothing shows these statistics.
          session.print("injecting invalid read request");
          return;
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
    BlockBackend backend = session.backend();
    session
        .requests()
        .submit(
            new Read(
                backend,
                offset,
                Words.sum(lengths),
                RequestBuffer.of(session, lengths),
                compare,
                pattern,
                verbose,
                new RequestReport(quiet, forProgram)));
  }

  private record Read(
      BlockBackend backend,
      long offset,
      long count,
      RequestBuffer buffer,
      boolean compare,
      byte pattern,
      boolean verbose,
      RequestReport report)
      implements AsyncRequests.Request {

    @Override
    public void perform() throws BlockException {
      backend.read(offset, buffer.vector(), 0);
    }

    @Override
    public void report(PrintStream output, long nanos, @Nullable BlockException failure) {
      try (RequestBuffer closed = buffer) {
        if (failure != null) {
          output.print("readv failed: " + failure.errno().text() + "\n");
          return;
        }
        if (compare && !closed.isFilled(0, count, pattern)) {
          output.print(Reads.differs(offset, count) + "\n");
        }
        if (report.quiet()) {
          return;
        }
        if (verbose) {
          closed.dump(output, offset);
        }
        report.print(output, "read", offset, count, nanos);
      }
    }
  }

  static void write(Session session, Words words) throws CommandFailure {
    boolean forProgram = false;
    boolean quiet = false;
    boolean zeroes = false;
    byte pattern = Writes.DEFAULT_PATTERN;
    int flags = 0;
    GetOpt options = words.options(session, "CfiP:quz");
    for (int option = options.next(); option != GetOpt.END; option = options.next()) {
      switch (option) {
        case 'C' -> forProgram = true;
        case 'f' -> flags |= RequestFlags.FUA;
        case 'i' -> {
          session.print("injecting invalid write request");
          return;
        }
        case 'P' -> pattern = Words.pattern(options.argument());
        case 'q' -> quiet = true;
        case 'u' -> flags |= RequestFlags.MAY_UNMAP;
        case 'z' -> zeroes = true;
        default -> throw CommandFailure.usage();
      }
    }
    List<String> operands = options.operands();
    if (operands.size() < 2) {
      throw CommandFailure.usage();
    }
    if (zeroes && operands.size() != 2) {
      throw CommandFailure.result("-z supports only a single length parameter");
    }
    Writes.requireZeroes(zeroes, flags);
    long offset = Words.number(session, operands.get(0));
    BlockBackend backend = session.backend();
    var report = new RequestReport(quiet, forProgram);
    if (zeroes) {
      long count = Words.number(session, operands.get(1));
      session.requests().submit(new Write(backend, offset, count, null, flags, report));
      return;
    }
    long[] lengths = Words.lengths(session, operands.subList(1, operands.size()));
    RequestBuffer buffer = RequestBuffer.shared(session, lengths).fill(pattern);
    session
        .requests()
        .submit(new Write(backend, offset, Words.sum(lengths), buffer, flags, report));
  }

  /** A write; of zeroes if it has no buffer. */
  private record Write(
      BlockBackend backend,
      long offset,
      long count,
      @Nullable RequestBuffer buffer,
      int flags,
      RequestReport report)
      implements AsyncRequests.Request {

    @Override
    public void perform() throws BlockException {
      if (buffer == null) {
        backend.writeZeroes(offset, count, flags);
      } else {
        backend.write(offset, buffer.vector(), flags);
      }
    }

    @Override
    public void report(PrintStream output, long nanos, @Nullable BlockException failure) {
      if (buffer != null) {
        buffer.close();
      }
      if (failure != null) {
        output.print("aio_write failed: " + failure.errno().text() + "\n");
      } else {
        report.print(output, "wrote", offset, count, nanos);
      }
    }
  }

  static void flush(Session session, Words words) {
    session.requests().await(session.output());
  }
}
