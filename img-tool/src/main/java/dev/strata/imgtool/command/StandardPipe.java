// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.ImageStream;
import dev.strata.block.driver.StreamOutput;
import dev.strata.block.driver.Streamable;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.option.OptionString;
import dev.strata.block.posix.StandardStreams;
import dev.strata.block.throttle.Direction;
import dev.strata.block.throttle.ThrottleGroup;
import dev.strata.block.throttle.ThrottleMember;
import dev.strata.imgtool.command.Arguments.UsageException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Standard input as a source and standard output as a target: the image named {@code -}. */
final class StandardPipe {
  private static final String NAME = "-";

  private StandardPipe() {}

  static boolean isNamedBy(String operand) {
    return operand.equals(NAME);
  }

  /** Throws if an option needs a target that can be read or written again. */
  static void checkTarget(ConvertOptions given, Arguments arguments) throws UsageException {
    refuse(given.noCreate, "-n", "output", arguments);
    refuse(given.cacheGiven, "-t", "output", arguments);
    refuse(!given.inOrder, "-W", "output", arguments);
    refuse(given.copyRange, "-C", "output", arguments);
    refuse(given.bitmaps, "--bitmaps", "output", arguments);
    refuse(given.backing != null || given.backingFormat != null, "-B", "output", arguments);
    if (StandardStreams.isTerminal(StandardStreams.OUTPUT)) {
      throw arguments.wrongValue("An image is not written to a terminal");
    }
  }

  /** Throws if what comes from standard input cannot be what is asked for. */
  static void checkSource(
      ConvertOptions given, List<String> names, @Nullable String format, Arguments arguments)
      throws UsageException {
    if (!"raw".equals(format)) {
      throw arguments.wrongValue("Standard input is read as raw only: say so with -f raw");
    }
    if (names.size() > 1) {
      throw arguments.wrongValue("Standard input is the only source or none");
    }
    refuse(given.snapshot != null, "-l", "input", arguments);
    refuse(given.sourceCacheGiven, "-T", "input", arguments);
    refuse(given.workersGiven, "-m", "input", arguments);
    refuse(!given.inOrder, "-W", "input", arguments);
    refuse(given.copyRange, "-C", "input", arguments);
    refuse(given.bitmaps, "--bitmaps", "input", arguments);
    refuse(given.salvage, "--salvage", "input", arguments);
    refuse(given.backing != null || given.backingFormat != null, "-B", "input", arguments);
  }

  private static void refuse(boolean refused, String option, String stream, Arguments arguments)
      throws UsageException {
    if (refused) {
      throw arguments.wrongValue(option + " does not go together with standard " + stream);
    }
  }

  /** Throws if images of that format and those options have their size from the start. */
  static void checkGrowing(
      BlockGraph graph, String format, @Nullable String options, Arguments arguments)
      throws BlockException, UsageException {
    BlockDriverFactory driver = graph.drivers().find(format);
    if (driver != null && !driver.grows()) {
      throw arguments.wrongValue(
          "Standard input cannot become a "
              + format
              + " image, whose size has to be known first: raw, qcow2, qed and luks images grow");
    }
    if (options != null && OptionString.parseCreation(options).has("preallocation")) {
      throw arguments.wrongValue(
          "preallocation does not go together with standard input, whose size nobody knows");
    }
  }

  /** The image, if its format can be written from front to back. */
  static ImageStream stream(NewImage image, boolean compress) throws BlockException {
    if (!(image.driver() instanceof Streamable factory)) {
      throw new BlockException(
          Errno.EINVAL,
          "A "
              + image.driver().name()
              + " image cannot be written to standard output: raw, qcow2, and vmdk with"
              + " subformat=streamOptimized can");
    }
    if (compress && !image.driver().compresses()) {
      throw new BlockException(Errno.EINVAL, "Compression not supported for this file format");
    }
    return image.stream(factory, compress);
  }

  @SuppressWarnings("resource") // the process's, which is not ours to close
  static ReadableByteChannel input() {
    return new FileInputStream(FileDescriptor.in).getChannel();
  }

  /** Standard output, at most so many bytes a second; 0 for no limit. */
  @SuppressWarnings("resource") // the process's, which is not ours to close
  static StreamOutput output(long bytesPerSecond) throws BlockException {
    WritableByteChannel channel = new FileOutputStream(FileDescriptor.out).getChannel();
    ThrottleGroup limit = ThrottleGroup.ofWrites(bytesPerSecond);
    ThrottleMember member = limit == null ? null : limit.join();
    return StreamOutput.to(bytes -> {
      if (member != null) {
        member.acquire(Direction.WRITE, bytes.byteSize());
      }
      write(channel, bytes);
    });
  }

  private static void write(WritableByteChannel channel, MemorySegment bytes)
      throws BlockException {
    ByteBuffer buffer = bytes.asByteBuffer();
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } catch (IOException e) {
      throw BlockException.of(Errno.inMessage(e.getMessage()))
          .causedBy(e)
          .during("error while writing to standard output");
    }
  }
}
