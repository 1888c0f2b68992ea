// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.testimages.nbdserver.Commands;
import dev.strata.testimages.tls.Certificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The tables of {@code docs/nbd.md}: which features each client and each server made use of when
 * they met, as seen on the wire. {@code strata.nbd.rewrite} writes them anew.
 */
@Timeout(600)
@Execution(ExecutionMode.CONCURRENT)
final class InteroperabilityTest {
  private static final Path DOCUMENT =
      Path.of(System.getProperty("strata.root", "..")).resolve("docs/nbd.md");
  private static final String BEGIN = "<!-- begin: InteroperabilityTest -->\n";
  private static final String END = "<!-- end -->\n";
  private static final Map<String, String> SERVERS = new LinkedHashMap<>();
  private static final List<String> CLIENTS = List.of("Strata", "QEMU 7.2", "libnbd 1.14", "fio");

  static {
    SERVERS.put("ours", "Strata's `qemu-nbd`");
    SERVERS.put("qemu", "QEMU's `qemu-nbd`");
    SERVERS.put("nbdkit", "`nbdkit`, file plugin");
  }

  @TempDir private Path folder;
  private Commands commands;
  private Certificates certificates;

  @BeforeEach
  void makeImages() throws IOException, InterruptedException {
    Commands.assumeInstalled(
        "qemu-nbd", "qemu-img", "qemu-io", "nbdkit", "nbdsh", "nbdcopy", "nbdinfo", "fio");
    certificates = Certificates.make(Files.createDirectory(folder.resolve("tls")));
    commands = new Commands(folder);
    commands.succeed(Commands.OURS, "--version"); // which may have to build first
    commands.succeed("qemu-img", "create", "-q", "-f", "qcow2", "a.qcow2", "16M");
    commands.succeed("qemu-img", "bitmap", "--add", "a.qcow2", "marks");
    commands.succeed("qemu-img", "create", "-q", "-f", "raw", "a.raw", "16M");
  }

  @Test
  void theTablesAreWhatIsSeen() throws Exception {
    var text = new StringBuilder();
    for (Map.Entry<String, String> server : SERVERS.entrySet()) {
      List<Set<Feature>> columns = new ArrayList<>();
      for (int client = 0; client < CLIENTS.size(); client++) {
        columns.add(meet(server.getKey(), client));
      }
      table(text, server.getValue(), columns);
    }
    String document = Files.readString(DOCUMENT);
    int begin = document.indexOf(BEGIN) + BEGIN.length();
    int end = document.indexOf(END);
    if (Boolean.getBoolean("strata.nbd.rewrite")) {
      Files.writeString(DOCUMENT, document.substring(0, begin) + text + document.substring(end));
    } else {
      assertEquals(document.substring(begin, end), text.toString());
    }
  }

  private static void table(StringBuilder text, String server, List<Set<Feature>> columns) {
    text.append("\n| ").append(server).append(" with: |");
    CLIENTS.forEach(client -> text.append(' ').append(client).append(" |"));
    text.append("\n|---|").append("---|".repeat(CLIENTS.size())).append('\n');
    for (Feature feature : Feature.values()) {
      text.append("| ").append(feature.words()).append(" |");
      columns.forEach(seen -> text.append(seen.contains(feature) ? " yes |" : " – |"));
      text.append('\n');
    }
    text.append('\n');
  }

  /** All that a client does with a server succeeds; what of the protocol it took. */
  private Set<Feature> meet(String server, int client) throws Exception {
    var seen = new TreeSet<Feature>();
    try (NbdServer running = start(server, List.of());
        var tap = new Tap(folder.resolve("tap"), running.socket())) {
      String uri = "nbd+unix:///?socket=" + folder.resolve("tap");
      for (List<String> command : commands(client, uri, !server.equals("nbdkit"))) {
        commands.succeed(command.toArray(String[]::new));
        tap.awaitClients(); // or the next one would seem to have come while it was there
      }
      seen.addAll(Spoken.in(tap.conversations()));
    } finally {
      Files.deleteIfExists(folder.resolve("tap"));
    }
    for (Feature kind : List.of(Feature.TLS_X509, Feature.TLS_PSK)) {
      boolean psk = kind == Feature.TLS_PSK;
      if (CLIENTS.get(client).equals("fio")) {
        continue; // lets no name lead to credentials
      }
      try (NbdServer running = start(server, credentials(server, psk))) {
        commands.succeed(overTls(client, running.socket(), psk).toArray(String[]::new));
        seen.add(kind);
      }
    }
    return seen;
  }

  private NbdServer start(String server, List<String> credentials) throws IOException {
    var options = new ArrayList<>(credentials);
    if (server.equals("nbdkit")) {
      options.addAll(List.of("file", "a.raw"));
      return NbdServer.nbdkit(folder, "s", options.toArray(String[]::new));
    }
    options.addAll(List.of("-f", "qcow2", "-A", "-B", "marks", "--discard=unmap", "a.qcow2"));
    return server.equals("ours")
        ? NbdServer.ours(folder, "s", options.toArray(String[]::new))
        : NbdServer.qemu(folder, "s", options.toArray(String[]::new));
  }

  private List<String> credentials(String server, boolean psk) {
    String dir = certificates.dir(psk ? "psk" : "server");
    if (server.equals("nbdkit")) {
      return List.of(
          "--tls=require", psk ? "--tls-psk=" + dir + "/keys.psk" : "--tls-certificates=" + dir);
    }
    String kind = psk ? "tls-creds-psk" : "tls-creds-x509";
    return List.of("--object", kind + ",id=t,endpoint=server,dir=" + dir, "--tls-creds", "t");
  }

  private List<String> overTls(int client, Path socket, boolean psk) {
    if (CLIENTS.get(client).startsWith("libnbd")) {
      String uri =
          psk
              ? "nbds+unix://alice@/?socket="
                  + socket
                  + "&tls-psk-file="
                  + certificates.dir("psk/keys.psk")
              : "nbds+unix:///?socket="
                  + socket
                  + "&tls-certificates="
                  + certificates.dir("client")
                  + "&tls-hostname=localhost";
      return List.of("nbdinfo", "--size", uri);
    }
    String object =
        psk
            ? "tls-creds-psk,id=t,endpoint=client,username=alice,dir=" + certificates.dir("psk")
            : "tls-creds-x509,id=t,endpoint=client,dir=" + certificates.dir("client");
    String node = "driver=nbd,path=" + socket + ",tls-creds=t,tls-hostname=localhost";
    return List.of(tool(client, "qemu-img"), "info", "--object", object, "--image-opts", node);
  }

  private static String tool(int client, String name) {
    return client > 0 ? name : Path.of(Commands.OURS).resolveSibling(name).toString();
  }

  private static List<List<String>> commands(int client, String uri, boolean qemu) {
    return switch (CLIENTS.get(client)) {
      case "Strata", "QEMU 7.2" -> {
        String img = tool(client, "qemu-img");
        List<String> io = new ArrayList<>(List.of(tool(client, "qemu-io"), "-f", "raw"));
        for (String command :
            List.of(
                "write -f -P 5 0 1M",
                "write -z 1M 64k",
                "write -z -n 2M 64k",
                "discard 3M 64k",
                "flush",
                "read -P 5 0 1M")) {
          if (!command.contains("-n") || qemu) {
            io.addAll(List.of("-c", command));
          }
        }
        io.add(uri);
        List<List<String>> all = new ArrayList<>(List.of(io));
        all.add(List.of(img, "map", "-f", "raw", uri));
        all.add(List.of(img, "bench", "-f", "raw", "-c", "20000", "-d", "64", "-s", "4096", uri));
        if (qemu) {
          String path = uri.substring(uri.indexOf('=') + 1);
          for (String context : List.of("qemu:allocation-depth", "qemu:dirty-bitmap:marks")) {
            String node = "driver=nbd,path=" + path + ",x-dirty-bitmap=" + context;
            all.add(List.of(img, "map", "--output=json", "--image-opts", node));
          }
        }
        String path = uri.substring(uri.indexOf('=') + 1);
        all.add(List.of(tool(client, "qemu-nbd"), "-L", "-k", path));
        yield all;
      }
      case "fio" ->
          List.of(
              List.of(
                  "fio",
                  "--name=x",
                  "--ioengine=nbd",
                  "--uri=" + uri,
                  "--rw=randrw",
                  "--bs=4k",
                  "--size=1M",
                  "--iodepth=8",
                  "--verify=crc32c",
                  "--fsync=8"),
              List.of(
                  "fio",
                  "--name=x",
                  "--ioengine=nbd",
                  "--uri=" + uri,
                  "--rw=randtrim",
                  "--bs=4k",
                  "--size=1M",
                  "--iodepth=8"));
      default ->
          List.of(
              List.of("nbdinfo", uri),
              List.of("nbdinfo", "--list", uri),
              List.of("nbdinfo", "--map", uri),
              List.of("nbdcopy", uri, "null:"),
              List.of("env", "PATH=/usr/bin:/bin", "nbdsh", "-c", LIBNBD.replace("URI", uri)));
    };
  }

  private static final String LIBNBD =
      """
      for name in ("base:allocation", "qemu:allocation-depth", "qemu:dirty-bitmap:marks"):
          h.add_meta_context(name)
      h.connect_uri("URI")
      h.pwrite(b"5" * 4096, 0, nbd.CMD_FLAG_FUA if h.can_fua() else 0)
      assert h.pread(4096, 0) == b"5" * 4096
      if h.can_df():
          h.pread_structured(4096, 0, lambda *arguments: 0, nbd.CMD_FLAG_DF)
      h.zero(65536, 65536)
      if h.can_fast_zero():
          try:
              h.zero(65536, 131072, nbd.CMD_FLAG_FAST_ZERO)
          except nbd.Error as error:
              assert error.errno == "ENOTSUP", error
      h.trim(65536, 262144)
      if h.can_cache():
          h.cache(65536, 0)
      h.flush()
      if h.can_meta_context("base:allocation"):
          h.block_status(65536, 0, lambda *arguments: 0)
      h.shutdown()
      """;
}
