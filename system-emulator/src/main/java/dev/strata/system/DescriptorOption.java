// SPDX-License-Identifier: Apache-2.0
package dev.strata.system;

import dev.strata.block.BlockException;
import dev.strata.block.file.DescriptorSets;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.posix.FileDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * A file that whoever starts this process has opened for it.
 *
 * @param set where it is put
 * @param opaque what is said of it, or null
 */
record DescriptorOption(FileDescriptor descriptor, long set, @Nullable String opaque) {
  private static final int STREAMS = 3;

  static DescriptorOption of(String given, BlockOptions options) throws BlockException {
    try {
      Long number = options.takeNumber("fd");
      Long set = options.takeNumber("set");
      String opaque = options.takeString("opaque");
      for (String name : options.names()) {
        throw CommandLine.error("Invalid parameter '" + name + "'");
      }
      if (number == null || number < 0) {
        throw CommandLine.error("fd option is required and must be non-negative");
      }
      if (number < STREAMS) {
        throw CommandLine.error("fd cannot be a standard I/O stream");
      }
      FileDescriptor descriptor = take((int) Math.min(number, Integer.MAX_VALUE));
      if (set == null || set < 0) {
        throw CommandLine.error("set option is required and must be non-negative");
      }
      return new DescriptorOption(descriptor, set, opaque);
    } catch (BlockException e) {
      throw e.during(given);
    }
  }

  private static FileDescriptor take(int number) throws BlockException {
    try {
      return FileDescriptor.inherited(number);
    } catch (BlockException e) {
      throw CommandLine.error("fd is not valid or already in use").causedBy(e);
    }
  }

  /** Puts it into its set, in which it stays until this process ends or somebody removes it. */
  void add() {
    DescriptorSets.OF_PROCESS.add(set, descriptor, opaque);
  }
}
