// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import java.util.List;
import java.util.Map;

/**
 * What a server has done, in the text that Prometheus reads: by export since the server began, and
 * by client for those that are connected.
 *
 * @see "Prometheus, Exposition formats, text format 0.0.4"
 */
final class MetricsPage {
  /** What the text is, for HTTP. */
  static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private static final String[] COMMANDS = {
    "read", "write", "disconnect", "flush", "trim", "cache", "write_zeroes", "block_status", "other"
  };

  private static final double NANOS = 1e9;

  private final StringBuilder page = new StringBuilder(8192);

  private MetricsPage() {}

  /** Writes the page of a server at this moment. */
  static String of(NbdServer server) {
    var page = new MetricsPage();
    page.write(server);
    return page.page.toString();
  }

  /** One counter of one command. */
  private interface Counter {
    long of(Traffic traffic, int command);
  }

  private void write(NbdServer server) {
    Map<String, Traffic> exports = server.trafficByExport();
    List<ClientTraffic> clients = server.clientTraffic();
    head("strata_nbd_clients", "gauge", "Clients that have chosen the export.");
    for (String export : exports.keySet()) {
      long count = clients.stream().filter(each -> each.export().equals(export)).count();
      sample("strata_nbd_clients", labels(export), count);
    }
    counters(exports, clients, "requests", "Requests answered.", Traffic::requests);
    counters(exports, clients, "errors", "Requests that failed.", Traffic::errors);
    counters(exports, clients, "bytes", "Bytes of requests that succeeded.", Traffic::bytes);
    String time = "strata_nbd_request_duration_seconds";
    head(time, "histogram", "From when a request is taken up until it is answered.");
    exports.forEach((name, traffic) -> histograms(time, labels(name), traffic));
    String clientTime = "strata_nbd_client_request_duration_seconds";
    head(clientTime, "histogram", "The same, of clients that are connected.");
    for (ClientTraffic each : clients) {
      histograms(clientTime, labels(each), each.traffic());
    }
  }

  private void counters(
      Map<String, Traffic> exports,
      List<ClientTraffic> clients,
      String what,
      String help,
      Counter counter) {
    String name = "strata_nbd_" + what + "_total";
    head(name, "counter", help);
    exports.forEach((export, traffic) -> counters(name, labels(export), traffic, counter));
    String clientName = "strata_nbd_client_" + what + "_total";
    head(clientName, "counter", help + " Of clients that are connected.");
    for (ClientTraffic each : clients) {
      counters(clientName, labels(each), each.traffic(), counter);
    }
  }

  private void counters(String name, String labels, Traffic traffic, Counter counter) {
    for (int command = 0; command < COMMANDS.length; command++) {
      if (traffic.requests(command) > 0) {
        sample(
            name, labels + ",command=\"" + COMMANDS[command] + '"', counter.of(traffic, command));
      }
    }
  }

  private void histograms(String name, String labels, Traffic traffic) {
    for (int command = 0; command < COMMANDS.length; command++) {
      if (traffic.requests(command) == 0) {
        continue;
      }
      String all = labels + ",command=\"" + COMMANDS[command] + '"';
      long count = 0;
      for (int i = 0; i < Traffic.bounds(); i++) {
        count += traffic.requestsWithin(command, i);
        sample(name + "_bucket", all + ",le=\"" + Traffic.bound(i) / NANOS + '"', count);
      }
      count += traffic.requestsWithin(command, Traffic.bounds());
      sample(name + "_bucket", all + ",le=\"+Inf\"", count);
      line(name + "_sum", all, String.valueOf(traffic.nanos(command) / NANOS));
      sample(name + "_count", all, count);
    }
  }

  private static String labels(String export) {
    return "export=\"" + quoted(export) + '"';
  }

  private static String labels(ClientTraffic client) {
    return labels(client.export())
        + ",client=\""
        + client.number()
        + "\",address=\""
        + quoted(client.address())
        + '"';
  }

  private static String quoted(String text) {
    return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }

  private void head(String name, String type, String help) {
    page.append("# HELP ").append(name).append(' ').append(help).append('\n');
    page.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  private void sample(String name, String labels, long value) {
    line(name, labels, String.valueOf(value));
  }

  private void line(String name, String labels, String value) {
    page.append(name).append('{').append(labels).append("} ").append(value).append('\n');
  }
}
