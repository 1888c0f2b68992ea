// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProxyVariablesTest {
  private static List<Proxy> select(Map<String, String> environment, String url) {
    return new ProxyVariables(environment).select(URI.create(url));
  }

  private static List<Proxy> proxy(String host, int port) {
    return List.of(new Proxy(Proxy.Type.HTTP, new InetSocketAddress(host, port)));
  }

  @Test
  void eachSchemeHasItsProxy() {
    var environment = Map.of("http_proxy", "http://127.0.0.1:81/", "https_proxy", "127.0.0.1:82");
    assertEquals(proxy("127.0.0.1", 81), select(environment, "http://example.com/disk"));
    assertEquals(proxy("127.0.0.1", 82), select(environment, "https://example.com/disk"));
    assertEquals(
        proxy("127.0.0.1", 83),
        select(Map.of("ALL_PROXY", "127.0.0.1:83"), "https://example.com/disk"));
  }

  @Test
  void aWebServersVariableForAStrangersHeaderIsNoProxy() {
    assertEquals(
        List.of(Proxy.NO_PROXY),
        select(Map.of("HTTP_PROXY", "127.0.0.1:81"), "http://example.com/disk"));
  }

  @Test
  void exceptedDomainsAreReachedDirectly() {
    var environment = Map.of("http_proxy", "127.0.0.1:81", "no_proxy", "localhost, .example.com");
    assertEquals(List.of(Proxy.NO_PROXY), select(environment, "http://a.example.com/disk"));
    assertEquals(List.of(Proxy.NO_PROXY), select(environment, "http://localhost/disk"));
    assertEquals(proxy("127.0.0.1", 81), select(environment, "http://badexample.com/disk"));
    assertEquals(
        List.of(Proxy.NO_PROXY),
        select(Map.of("all_proxy", "127.0.0.1:81", "NO_PROXY", "*"), "http://a.org/"));
  }
}
