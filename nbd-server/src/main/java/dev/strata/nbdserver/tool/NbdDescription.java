// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver.tool;

import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.manual.ToolDescription;

/** {@code qemu-nbd} as its help, its manual and its completion see it. */
public final class NbdDescription implements ToolDescription {
  static final String VERSION = "qemu-nbd 7.2.22 (Strata 0.1.0)";

  /** For the service loader. */
  public NbdDescription() {}

  @Override
  public String name() {
    return "qemu-nbd";
  }

  @Override
  public String shortName() {
    return "nbd";
  }

  @Override
  public String version() {
    return VERSION + "\n";
  }

  @Override
  public OptionTable options() {
    return CommandLine.options();
  }

  @Override
  public Description describe() {
    return Description.of(
        "serves a disk image to NBD clients",
        """
        Without -k clients come by TCP. The server ends when the last client has left, unless -t is
        given; INT, TERM and HUP end it after the requests that it has taken, with all data on
        stable storage.

        If the environment variables LISTEN_PID and LISTEN_FDS say so, as systemd sets them, clients
        come by the socket that is open as file descriptor 3.

        With -L it is a client, and tells what another server exports.

        With --metrics it answers GET /metrics by HTTP, at HOST:PORT or at a Unix socket by its absolute
        path, in the text that Prometheus reads: requests, errors, bytes and a histogram of times, by
        export since the start, and by client for those that are connected.

        With --tls-creds clients have to turn to TLS before anything else. The object is one of
        tls-creds-x509, tls-creds-psk and tls-creds-anon with endpoint=server; --tls-authz names one of
        authz-simple, authz-list and authz-list-file, which say whose certificates are welcome.
        """,
        "qemu-nbd -k /run/disk.sock -t -e 0 -f qcow2 disk.qcow2",
        "serves the image to any number of clients of this host",
        "qemu-nbd -r -p 10810 -x disk -f raw disk.raw",
        "serves it by TCP, read-only, under a name",
        "qemu-nbd --object tls-creds-x509,id=tls,endpoint=server,dir=/etc/pki/qemu --tls-creds tls"
            + " -f raw disk.raw",
        "serves it to those who have a certificate of the same authority",
        "qemu-nbd --metrics 127.0.0.1:9810 -t -f raw disk.raw",
        "serves it, and tells Prometheus what is done",
        "qemu-nbd -L -k /run/disk.sock",
        "tells what is exported there");
  }
}
