// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import dev.strata.block.BlockException;
import dev.strata.block.option.OptionSchema;
import java.util.Map;
import java.util.function.Consumer;

/** The driver {@code ftp}. */
public class FtpFactory extends UrlFactory {
  /** For the service loader. */
  public FtpFactory() {
    this("ftp");
  }

  FtpFactory(String scheme) {
    super(scheme);
  }

  @Override
  public OptionSchema openOptions() {
    return UrlOptions.FTP;
  }

  @Override
  RemoteFile file(UrlSettings settings, Map<String, String> environment, Consumer<String> warn)
      throws BlockException {
    return FtpFile.open(settings, environment, warn);
  }
}
