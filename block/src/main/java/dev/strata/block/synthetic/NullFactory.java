// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.synthetic;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The driver {@code null-co}: a disk of any size without content.
 *
 * @see "QEMU qapi/block-core.json, BlockdevOptionsNull"
 */
public class NullFactory implements BlockDriverFactory {
  private static final Option<Long> SIZE = Option.size("size", "size of the null block");
  private static final Option<Long> LATENCY =
      Option.number("latency-ns", "nanoseconds to wait before completing request");
  private static final Option<Boolean> READ_ZEROES =
      Option.bool("read-zeroes", "return zeroes when read");
  private static final long DEFAULT_SIZE = 1L << 30;

  private final String name;

  /** For the service loader. */
  public NullFactory() {
    this("null-co");
  }

  NullFactory(String name) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public DriverKind kind() {
    return DriverKind.PROTOCOL;
  }

  @Override
  public @Nullable String protocol() {
    return name;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(SIZE, LATENCY, READ_ZEROES);
  }

  @Override
  public List<String> contentOptions() {
    return List.of(SIZE.name(), READ_ZEROES.name());
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) throws BlockException {
    if (!filename.equals(plainFilename())) {
      throw new BlockException(
          Errno.EINVAL, "The only allowed filename for this driver is '" + plainFilename() + "'");
    }
  }

  private String plainFilename() {
    return name + "://";
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    boolean plain = !options.has(SIZE.name()) && !options.has(READ_ZEROES.name());
    long size = options.take(SIZE, DEFAULT_SIZE);
    long latencyNanos = options.take(LATENCY, 0L);
    if (latencyNanos < 0) {
      throw new BlockException(Errno.EINVAL, "latency-ns is invalid");
    }
    boolean readsZeroes = options.take(READ_ZEROES, false);
    return new NullDriver(plain ? plainFilename() : null, size, latencyNanos, readsZeroes);
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    throw new BlockException(
        Errno.EOPNOTSUPP, "Protocol driver '" + name + "' does not support image creation");
  }
}
