// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import dev.strata.block.option.OptionSchema;

/** The driver {@code ftps}: as {@code ftp}, over TLS from the first byte on. */
public final class FtpsFactory extends FtpFactory {
  /** For the service loader. */
  public FtpsFactory() {
    super("ftps");
  }

  @Override
  public OptionSchema openOptions() {
    return UrlOptions.FTPS;
  }
}
