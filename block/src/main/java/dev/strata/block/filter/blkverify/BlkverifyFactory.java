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
import dev.strata.block.option.OptionSchema;

/** The filter {@code blkverify}; as a file name {@code blkverify:RAW:IMAGE}. */
public final class BlkverifyFactory implements BlockDriverFactory {
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
    return OptionSchema.of();
  }

  @Override
  public OptionSchema createOptions() {
    return OptionSchema.of();
  }

  @Override
  public void parseFilename(String filename, BlockOptions options) throws BlockException {
    String rest = filename.substring(name().length() + 1);
    int colon = rest.indexOf(':');
    if (colon < 0) {
      throw new BlockException(Errno.EINVAL, "blkverify requires raw copy and original image path");
    }
    options.put("raw.filename", rest.substring(0, colon));
    options.put("test.file.filename", rest.substring(colon + 1));
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    Child raw = context.child("raw", EdgeRole.FILTERED);
    // A disk of its own, so its format is looked for.
    Child test = context.child("test", EdgeRole.DATA);
    return new BlkverifyDriver(raw, test, context.buffers());
  }
}
