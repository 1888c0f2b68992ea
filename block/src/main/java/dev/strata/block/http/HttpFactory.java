// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import dev.strata.block.BlockException;
import java.util.Map;
import java.util.function.Consumer;

/** The driver {@code http}. */
public class HttpFactory extends UrlFactory {
  /** For the service loader. */
  public HttpFactory() {
    this("http");
  }

  HttpFactory(String scheme) {
    super(scheme);
  }

  @Override
  RemoteFile file(UrlSettings settings, Map<String, String> environment, Consumer<String> warn)
      throws BlockException {
    return RangeRequests.open(settings, environment, warn);
  }
}
