// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.blkverify;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.ImageName;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;

/** The filter {@code blkverify}; as a file name {@code blkverify:RAW:IMAGE}. */
public final class BlkverifyFactory implements BlockDriverFactory {
  private static final Option<String> RAW_NAME =
      Option.string("x-raw", "File name of the raw copy");
  private static final Option<String> TEST_NAME =
      Option.string("x-image", "File name of the image to be verified");

  /** For the service loader. */
  public BlkverifyFactory() {}

  @Override
  public String name() {
    return "blkverify";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FILTER;
  }

  @Override
  public String protocol() {
    return "blkverify";
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of(RAW_NAME, TEST_NAME);
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) throws BlockException {
    String rest = ImageName.withoutProtocol(filename, name());
    if (rest.equals(filename)) {
      options.put(TEST_NAME.name(), filename);
      return;
    }
    int colon = rest.indexOf(':');
    if (colon < 0) {
      throw new BlockException(Errno.EINVAL, "blkverify requires raw copy and original image path");
    }
    options.put(RAW_NAME.name(), rest.substring(0, colon));
    options.put(TEST_NAME.name(), rest.substring(colon + 1));
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    String rawName = options.take(RAW_NAME);
    String testName = options.take(TEST_NAME);
    Child raw = context.childNamedByUser("raw", EdgeRole.FILTERED, rawName);
    // A disk of its own, so its format is looked for.
    Child test = context.childNamedByUser("test", EdgeRole.DATA, testName);
    return new BlkverifyDriver(raw, test, context);
  }
}
