// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.CreateContext;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The driver of a URL's scheme. Loads nothing else of its package until it is used. */
abstract class UrlFactory implements BlockDriverFactory {
  private final String scheme;

  /** Of {@code scheme}, after which the driver is named. */
  UrlFactory(String scheme) {
    this.scheme = scheme;
  }

  /**
   * Finds the server that {@code settings} name; nothing is asked for yet.
   *
   * @param environment of which variables name proxies
   * @param warn takes a line for the user, from any thread
   */
  abstract RemoteFile file(
      UrlSettings settings, Map<String, String> environment, Consumer<String> warn)
      throws BlockException;

  @Override
  public final String name() {
    return scheme;
  }

  @Override
  public final DriverKind kind() {
    return DriverKind.PROTOCOL;
  }

  @Override
  public final @Nullable String protocol() {
    return scheme;
  }

  @Override
  public OptionSchema openOptions() {
    return UrlOptions.HTTP;
  }

  @Override
  public final List<String> contentOptions() {
    return List.of(
        "url",
        "sslverify",
        "cookie",
        "cookie-secret",
        "username",
        "password-secret",
        "proxy-username",
        "proxy-password-secret");
  }

  @Override
  public final void parseFilename(String filename, BlockOptions options) throws BlockException {
    options.put("url", filename);
  }

  @Override
  public final BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    if (context.flags().writable() && !context.flags().autoReadOnly()) {
      throw UrlDriver.readOnly();
    }
    UrlSettings settings = UrlOptions.take(options, scheme, openOptions(), context.objects());
    return UrlDriver.open(settings, file(settings, System.getenv(), context::warn));
  }

  @Override
  public final void create(CreateContext context, BlockOptions options) throws BlockException {
    throw new BlockException(
        Errno.EOPNOTSUPP, "Protocol driver '" + scheme + "' does not support image creation");
  }
}
