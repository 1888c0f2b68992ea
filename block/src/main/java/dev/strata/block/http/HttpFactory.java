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
import org.jspecify.annotations.Nullable;

/** The driver {@code http}. Loads nothing else of its package until it is used. */
public class HttpFactory implements BlockDriverFactory {
  private final String name;

  /** For the service loader. */
  public HttpFactory() {
    this("http");
  }

  HttpFactory(String name) {
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
    return UrlOptions.OPEN;
  }

  @Override
  public List<String> contentOptions() {
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
  public void parseFilename(String filename, BlockOptions options) throws BlockException {
    options.put("url", filename);
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    if (context.flags().writable() && !context.flags().autoReadOnly()) {
      throw HttpDriver.readOnly();
    }
    return HttpDriver.open(
        UrlOptions.take(options, name, context.objects()), System.getenv(), context::warn);
  }

  @Override
  public void create(CreateContext context, BlockOptions options) throws BlockException {
    throw new BlockException(
        Errno.EOPNOTSUPP, "Protocol driver '" + name + "' does not support image creation");
  }
}
