// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The proxies that the environment names: {@code http_proxy}, which has no form in capitals since a
 * web server would set that to what strangers say, {@code https_proxy} and {@code all_proxy}; no
 * proxy for the hosts and domains in {@code no_proxy}.
 *
 * @see "libcurl-env(3)"
 */
final class ProxyVariables extends ProxySelector {
  private static final int DEFAULT_PORT = 1080;

  private final Map<String, String> environment;

  ProxyVariables(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public List<Proxy> select(URI uri) {
    InetSocketAddress address = isExcepted(uri) ? null : proxy(uri.getScheme());
    return List.of(address == null ? Proxy.NO_PROXY : new Proxy(Proxy.Type.HTTP, address));
  }

  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {
    // The request fails, which says it.
  }

  private @Nullable InetSocketAddress proxy(String scheme) {
    String value = environment.get(scheme + "_proxy");
    if (value == null && scheme.equals("https")) {
      value = environment.get("HTTPS_PROXY");
    }
    if (value == null) {
      value = either("all_proxy");
    }
    if (value == null || value.isEmpty()) {
      return null;
    }
    try {
      URI proxy = URI.create(value.contains("://") ? value : "http://" + value);
      int port = proxy.getPort() < 0 ? DEFAULT_PORT : proxy.getPort();
      return proxy.getHost() == null ? null : new InetSocketAddress(proxy.getHost(), port);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private @Nullable String either(String name) {
    String value = environment.get(name);
    return value != null ? value : environment.get(name.toUpperCase(Locale.ROOT));
  }

  private boolean isExcepted(URI uri) {
    String list = either("no_proxy");
    String host = uri.getHost();
    if (list == null || host == null) {
      return false;
    }
    for (String each : list.split("[, ]+", -1)) {
      String domain = each.startsWith(".") ? each.substring(1) : each;
      if (each.equals("*") || host.equalsIgnoreCase(domain)) {
        return true;
      }
      int start = host.length() - domain.length();
      if (!domain.isEmpty()
          && start > 0
          && host.charAt(start - 1) == '.'
          && host.regionMatches(true, start, domain, 0, domain.length())) {
        return true;
      }
    }
    return false;
  }
}
