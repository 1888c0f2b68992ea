// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.testimages.nbdserver.Commands;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that others have opened for the emulator, as the reference takes them. */
final class PassedFilesTest {
  /**
   * Starts the program with two files, passes more by a monitor's socket, and prints what it says;
   * descriptors' numbers by the order in which they are told.
   */
  private static final String CLIENT =
      """
      import array, json, os, socket, subprocess, sys
      inherited = sys.argv[1] == 'inherited'
      if inherited:
          client, theirs = socket.socketpair()
          theirs.setblocking(False)
          left, place = [theirs.fileno()], 'fd=%d' % theirs.fileno()
      else:
          listener = socket.socket(socket.AF_UNIX)
          listener.bind('monitor')
          listener.listen(1)
          left, place = [], 'path=monitor'
      with open('disk', 'wb') as f:
          f.write(b'x' * 65536)
      reading = os.open('disk', os.O_RDONLY)
      both = os.open('disk', os.O_RDWR)
      words = sys.argv[2:] + ['-M', 'none', '-nodefaults', '-display', 'none',
          '-add-fd', 'fd=%d,set=1,opaque=r:disk' % reading, '-add-fd', 'fd=%d,set=1' % both,
          '-chardev', 'socket,id=c,' + place, '-mon', 'chardev=c,mode=control',
          '-blockdev', 'driver=file,node-name=given,filename=/dev/fdset/1']
      program = subprocess.Popen(words, pass_fds=[reading, both] + left)
      if not inherited:
          client, _ = listener.accept()
      stream = client.makefile('r')
      stream.readline()
      numbers = {}
      def known(value):
          if isinstance(value, dict):
              return {k: numbers.setdefault(v, 'fd%d' % len(numbers)) if k == 'fd' else known(v)
                      for k, v in sorted(value.items())}
          return [known(v) for v in value] if isinstance(value, list) else value
      def ask(name, passed=(), **arguments):
          text = json.dumps({'execute': name, 'arguments':
              {k.replace('_', '-'): v for k, v in arguments.items()}}).encode()
          rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', passed))] if passed else []
          client.sendmsg([text], rights)
          said = json.loads(stream.readline())
          print(name, known(said))
          return said
      ask('qmp_capabilities')
      ask('query-fdsets')
      ask('add-fd')
      ask('add-fd', [reading], opaque='again')
      ask('add-fd', [both, reading], fdset_id=7)
      ask('add-fd', fdset_id=7)
      ask('add-fd', fdset_id=7)
      ask('add-fd', [both], fdset_id=-3)
      ask('query-fdsets')
      for number in (7, 0, 99):
          ask('blockdev-add', driver='file', node_name='n%d' % number, filename='/dev/fdset/%d' % number)
      ask('blockdev-add', driver='file', node_name='r', filename='/dev/fdset/0', read_only=True)
      ask('blockdev-add', driver='file', node_name='x', filename='/dev/fdset/zz')
      ask('remove-fd', fdset_id=55)
      ask('remove-fd', fdset_id=1, fd=999)
      ask('remove-fd', fdset_id=99)
      ask('getfd', fdname='a')
      ask('getfd', [reading], fdname='a')
      ask('getfd', [reading], fdname='0a')
      ask('closefd', fdname='a')
      ask('closefd', fdname='a')
      client.sendall(b'{"execute":"quit"}')
      print(program.wait())
      """;

  @TempDir Path folder;

  private List<String> conversation(Emulator emulator, String socket) throws Exception {
    var words = new ArrayList<>(List.of("python3", "-c", CLIENT, socket));
    words.addAll(emulator.program());
    Path own = folder.resolve(emulator.name());
    assertTrue(own.toFile().mkdir());
    return new Commands(own)
        .succeed(words.toArray(new String[0]))
        .lines()
        .map(line -> line.replaceAll("-add-fd fd=[0-9]+", "-add-fd fd=N"))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"inherited", "connected"})
  void filesComeByTheCommandLineAndByAMonitorsSocket(String socket) throws Exception {
    assumeTrue(Emulator.areThere());
    Commands.assumeInstalled("python3");
    List<String> real = conversation(Emulator.REFERENCE, socket);
    assertEquals(String.join("\n", real), String.join("\n", conversation(Emulator.OWN, socket)));
    assertTrue(real.getFirst().startsWith("qmp_capabilities {'return'"), real::toString);
    assertEquals("0", real.getLast());
  }

  @Test
  void whatCannotHaveBeenPassedIsRefused() throws Exception {
    assumeTrue(Emulator.areThere());
    for (String each :
        List.of(
            "fd=777",
            "set=1",
            "fd=777,set=1",
            "fd=3,set=1", // our own program's
            "fd=4,set=1",
            "fd=5,set=1",
            "fd=1,set=1",
            "fd=x,set=1",
            "fd=-5,set=1",
            "fd=777,set=1,x=y")) {
      String[] words = {"-M", "none", "-nodefaults", "-add-fd", each};
      Emulator.Ended real = Emulator.REFERENCE.run(folder, "", words);
      Emulator.Ended own = Emulator.OWN.run(folder, "", words);
      assertEquals(1, own.code());
      assertEquals(after(real.messages()), after(own.messages()));
    }
  }

  private static String after(String message) {
    return message.substring(message.indexOf(": ") + 1);
  }
}
