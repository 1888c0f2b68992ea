// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.PortNumber;
import dev.strata.block.tls.PeerSocket;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * A TCP port.
 *
 * @param port a number, as text
 * @param ipv4 whether IPv4 addresses of the host may be used
 * @param ipv6 whether IPv6 addresses of the host may be used
 * @param numeric whether the host is an address, not a name
 */
record InetServer(
    String host, String port, boolean ipv4, boolean ipv6, boolean numeric, boolean keepAlive)
    implements ServerAddress {

  @Override
  public String text() {
    return host + ":" + port;
  }

  @Override
  public String uri(String export) {
    return "nbd://" + host + ":" + port + export;
  }

  @Override
  public PeerSocket connect(int timeoutMillis) throws BlockException {
    int number = PortNumber.parse(host, port);
    BlockException failure = unresolved("Name or service not known");
    for (InetAddress address : addresses()) {
      try {
        return new PeerSocket(connect(new InetSocketAddress(address, number), timeoutMillis));
      } catch (IOException e) {
        failure = failed(e);
      }
    }
    throw failure;
  }

  @SuppressWarnings("MustBeClosedChecker") // closed below unless it is returned
  private SocketChannel connect(InetSocketAddress address, int timeoutMillis) throws IOException {
    SocketChannel channel =
        SocketChannel.open(
            address.getAddress() instanceof Inet6Address
                ? StandardProtocolFamily.INET6
                : StandardProtocolFamily.INET);
    boolean connected = false;
    try {
      channel.socket().connect(address, timeoutMillis);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      if (keepAlive) {
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      }
      connected = true;
      return channel;
    } finally {
      if (!connected) {
        channel.close();
      }
    }
  }

  private List<InetAddress> addresses() throws BlockException {
    var found = new ArrayList<InetAddress>();
    try {
      for (InetAddress address :
          numeric
              ? new InetAddress[] {InetAddress.ofLiteral(host)}
              : InetAddress.getAllByName(host)) {
        if (address instanceof Inet4Address ? ipv4 : ipv6) {
          found.add(address);
        }
      }
    } catch (UnknownHostException | IllegalArgumentException e) {
      throw unresolved("Name or service not known").causedBy(e);
    }
    return found;
  }

  private BlockException unresolved(String why) {
    return new BlockException(Errno.EINVAL, "address resolution failed for " + text() + ": " + why);
  }
}
