// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import java.io.PrintStream;

/**
 * How a request's figures are printed.
 *
 * @param quiet not at all
 * @param forProgram as comma-separated values
 */
record RequestReport(boolean quiet, boolean forProgram) {

  /**
   * Prints the figures of a request that moved all its bytes.
   *
   * @param verb {@code read}, {@code wrote} or {@code discard}
   */
  void print(PrintStream output, String verb, long offset, long count, long nanos) {
    if (quiet) {
      return;
    }
    double seconds = Math.max(nanos, 1) / 1e9;
    String time = Quantity.time(nanos, forProgram);
    if (forProgram) {
      output.print(
          count
              + ",1,"
              + time
              + ","
              + Quantity.fixed(count / seconds, 3)
              + ","
              + Quantity.fixed(1 / seconds, 3)
              + "\n");
      return;
    }
    output.print(
        verb
            + " "
            + count
            + "/"
            + count
            + " bytes at offset "
            + offset
            + "\n"
            + Quantity.bytes(count)
            + ", 1 ops; "
            + time
            + " ("
            + Quantity.bytes(count / seconds)
            + "/sec and "
            + Quantity.fixed(1 / seconds, 4)
            + " ops/sec)\n");
  }
}
