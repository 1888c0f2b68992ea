// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code --chardev} says, and who comes by it, with ours and the real daemon. */
final class CharacterDeviceTest {
  private static final int PATIENCE_MILLIS = (int) TimeUnit.MINUTES.toMillis(5);

  /** They end at once: the option after them makes no sense. */
  private static final List<String> WRONG =
      List.of(
          "socket,id=a,host=127.0.0.1",
          "socket,id=a,port=0",
          "socket,id=a",
          "socket,id=a,host=127.0.0.1,port=1",
          "socket,id=a,host=127.0.0.1,port=1,server=on,wait=on,reconnect=2",
          "socket,id=a,host=127.0.0.1,port=1,wait=on",
          "socket,id=a,host=127.0.0.1,port=zz,server=on,wait=off",
          "socket,id=a,host=127.0.0.1,port=0,server=on,wait=off,to=zz",
          "socket,id=a,host=127.0.0.1,port=0,server=on,wait=off,ipv4=off",
          "socket,id=a,host=127.0.0.1,port=0,server=on,wait=off",
          "socket,id=a,path=/nonexist/x",
          "socket,id=a,path=/nonexist/x,server=on,wait=off",
          "socket,id=a,path=/nonexist/x,host=q",
          "socket,id=a,fd=55,server=on,wait=off",
          "socket,id=a,fd=zz",
          "null,id=a",
          "null,id=a,foo=1",
          "null",
          "id=a",
          "foo,id=a",
          "file,id=a",
          "file,id=a,path=/nonexist/x",
          "ringbuf,id=a,size=5",
          "ringbuf,id=a,size=1k",
          "stdio,id=a,signal=off");

  @TempDir Path folder;

  @Test
  void optionsAreRefusedInTheRealDaemonsWords() throws Exception {
    Commands.assumeInstalled(StorageDaemonTest.REAL);
    new Commands(folder).succeed(StorageDaemonTest.OURS, "--version"); // which may build it first
    assertEquals(refusals(StorageDaemonTest.REAL), refusals(StorageDaemonTest.OURS));
  }

  private List<String> refusals(String program) throws Exception {
    var said = new ArrayList<String>();
    for (String each : WRONG) {
      Commands.Outcome outcome =
          new Commands(folder).run(List.of(program, "--chardev", each, "--monitor", "nobody"));
      said.add(each + ": " + outcome.code() + " " + outcome.text());
    }
    return said;
  }

  /** A socket in standard input's place, where the JDK has it, must not cost the others. */
  @Test
  void errorsAreHeardWhereASocketWasInherited() throws Exception {
    Commands.assumeInstalled(StorageDaemonTest.REAL, "python3");
    String script =
        """
        import socket, subprocess, sys
        ours, theirs = socket.socketpair()
        device = 'socket,id=c,fd=%d' % theirs.fileno()
        words = [sys.argv[1], '--chardev', device, '--monitor', 'chardev=c', '--blockdev', 'driver=nix,node-name=n']
        ended = subprocess.run(words, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, capture_output=True)
        print(ended.returncode, ended.stdout, ended.stderr)
        """;
    var commands = new Commands(folder);
    assertEquals(
        commands.succeed("python3", "-c", script, StorageDaemonTest.REAL),
        commands.succeed("python3", "-c", script, StorageDaemonTest.OURS));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ours", "theirs"})
  void clientsComeOverTcpAndAreCalledAgain(String whose) throws Exception {
    Commands.assumeInstalled(StorageDaemonTest.REAL);
    String program = whose.equals("ours") ? StorageDaemonTest.OURS : StorageDaemonTest.REAL;
    InetAddress here = InetAddress.getByName("127.0.0.1");
    try (var listener = new ServerSocket(0, 2, here)) {
      listener.setSoTimeout(PATIENCE_MILLIS);
      int port = listener.getLocalPort();
      Process process =
          new ProcessBuilder(
                  program,
                  "--chardev",
                  "socket,id=called,host=127.0.0.1,port=" + port + ",reconnect=1",
                  "--chardev",
                  "socket,id=open,host=127.0.0.1,port=0,server=on,wait=off",
                  "--monitor",
                  "called",
                  "--monitor",
                  "open")
              .inheritIO()
              .start();
      try {
        try (Socket first = listener.accept()) {
          assertTrue(Client.of(first).greeting().startsWith("{\"QMP\""));
        }
        try (Socket again = listener.accept()) {
          Client client = Client.of(again);
          assertTrue(client.greeting().startsWith("{\"QMP\""));
          client.ask("qmp_capabilities");
          String devices = client.ask("query-chardev");
          assertTrue(devices.contains(" <-> 127.0.0.1:" + port + "\""), devices);
          Matcher place =
              Pattern.compile("disconnected:tcp:127.0.0.1:(\\d+),server=on").matcher(devices);
          assertTrue(place.find(), devices);
          try (var visitor = new Socket(here, Integer.parseInt(String.valueOf(place.group(1))))) {
            Client other = Client.of(visitor);
            assertTrue(other.greeting().startsWith("{\"QMP\""));
            other.ask("qmp_capabilities");
            String both = other.ask("query-chardev");
            assertTrue(both.contains("server=on <-> 127.0.0.1:" + visitor.getLocalPort()), both);
            assertEquals("{\"return\": {}}", other.ask("quit"));
          }
          assertTrue(process.waitFor(1, TimeUnit.MINUTES), "the daemon does not end");
          assertEquals(0, process.exitValue());
        }
      } finally {
        process.destroyForcibly();
        process.waitFor();
      }
    }
  }

  /** Who talks with a daemon. */
  private record Client(Socket socket, BufferedReader in) {
    static Client of(Socket socket) throws IOException {
      socket.setSoTimeout(PATIENCE_MILLIS);
      return new Client(
          socket,
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8)));
    }

    String greeting() throws IOException {
      return String.valueOf(in.readLine());
    }

    String ask(String command) throws IOException {
      socket
          .getOutputStream()
          .write(("{\"execute\":\"" + command + "\"}\n").getBytes(StandardCharsets.UTF_8));
      return String.valueOf(in.readLine());
    }
  }
}
