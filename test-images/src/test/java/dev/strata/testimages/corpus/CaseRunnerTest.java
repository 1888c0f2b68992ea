// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the corpus would find: each test runs the real tools against a wrapper that does wrong. */
@Tag("peer")
final class CaseRunnerTest {
  private static final Path PEER = Path.of("/usr/bin");
  private static final String CREATE =
      """
      == a
      $ qemu-img create -f qcow2 a.qcow2 1M
      """;
  private static final String SNAPSHOT =
      """
      == a
      + qemu-img create -q -f qcow2 a.qcow2 1M; qemu-io -c 'write -P 1 0 64k' a.qcow2
      + qemu-img bitmap --add a.qcow2 b; qemu-img snapshot -c s a.qcow2
      $ qemu-img snapshot -l a.qcow2 > /dev/null
      """;

  @TempDir Path tools;

  @BeforeEach
  void realToolsAreThere() {
    for (String tool : List.of("qemu-img", "qemu-io", "qemu-nbd")) {
      assumeTrue(
          Files.isExecutable(PEER.resolve(tool)), () -> "skipped: no real " + tool + " in " + PEER);
    }
  }

  @Test
  void theSameToolIsEqual() throws Exception {
    assertEquals(List.of(), found(CREATE, "exec /usr/bin/qemu-img \"$@\""));
  }

  @Test
  void anotherLineOnStdoutIsFound() throws Exception {
    assertEquals(List.of("stdout"), found(CREATE, "/usr/bin/qemu-img \"$@\"; echo more"));
  }

  @Test
  void aMissingNewlineIsFound() throws Exception {
    assertEquals(List.of("stdout"), found(CREATE, "printf %s \"$(/usr/bin/qemu-img \"$@\")\""));
  }

  @Test
  void anotherLineOnStderrIsFound() throws Exception {
    assertEquals(List.of("stderr"), found(CREATE, "/usr/bin/qemu-img \"$@\"; echo more >&2"));
  }

  @Test
  void anotherExitCodeIsFound() throws Exception {
    assertEquals(List.of("exit code"), found(CREATE, "/usr/bin/qemu-img \"$@\"; exit 3"));
  }

  @Test
  void deathBySignalIsFound() throws Exception {
    // The shell names the signal on stderr.
    assertEquals(
        List.of("exit code", "stderr"), found(CREATE, "/usr/bin/qemu-img \"$@\"; kill -9 $$"));
  }

  @Test
  void otherGuestDataIsFound() throws Exception {
    assertEquals(
        List.of("map without host offsets", "guest-visible data"),
        found(
            CREATE,
            "/usr/bin/qemu-img \"$@\"; /usr/bin/qemu-io -c 'write -P 1 0 64k' a.qcow2 >"
                + " /dev/null"));
  }

  @Test
  void anotherAllocationOfTheSameDataIsFound() throws Exception {
    assertEquals(
        List.of("map without host offsets"),
        found(
            CREATE,
            "/usr/bin/qemu-img \"$@\"; /usr/bin/qemu-io -c 'write -P 0 0 64k' a.qcow2 >"
                + " /dev/null"));
  }

  @Test
  void aLeakedClusterIsFound() throws Exception {
    // Refcount of the first cluster beyond the four that an empty image has.
    assertEquals(
        List.of("check"),
        found(
            CREATE,
            "/usr/bin/qemu-img \"$@\"; truncate -s 327680 a.qcow2;"
                + " printf '\\0\\1' | dd of=a.qcow2 bs=1 seek=131080 conv=notrunc status=none"));
  }

  @Test
  void anotherHeaderIsFound() throws Exception {
    assertEquals(
        List.of("info"),
        found(
            CREATE,
            "/usr/bin/qemu-img \"$@\"; /usr/bin/qemu-img amend -o lazy_refcounts=on a.qcow2"));
  }

  @Test
  void theSameImageLaidOutOtherwiseIsEqual() throws Exception {
    assertEquals(
        List.of(),
        found(
            CREATE,
            "/usr/bin/qemu-img \"$@\"; /usr/bin/qemu-io -c 'write 0 64k' -c 'discard 0 64k'"
                + " a.qcow2 > /dev/null; /usr/bin/qemu-img convert -O qcow2 a.qcow2 b.qcow2;"
                + " mv b.qcow2 a.qcow2; truncate -s 1M a.qcow2"));
  }

  @Test
  void otherDataInASnapshotIsFound() throws Exception {
    assertEquals(
        List.of("data of snapshot 1"),
        found(
            SNAPSHOT,
            "/usr/bin/qemu-img snapshot -d s a.qcow2;"
                + " /usr/bin/qemu-io -c 'write -P 2 0 64k' a.qcow2 > /dev/null;"
                + " /usr/bin/qemu-img snapshot -c s a.qcow2;"
                + " /usr/bin/qemu-io -c 'write -P 1 0 64k' a.qcow2 > /dev/null;"
                + " /usr/bin/qemu-img bitmap --clear a.qcow2 b"));
  }

  @Test
  void otherBitsInABitmapAreFound() throws Exception {
    assertEquals(
        List.of("bits of bitmap b"),
        found(SNAPSHOT, "/usr/bin/qemu-io -c 'write -P 1 0 64k' a.qcow2 > /dev/null"));
  }

  @Test
  void aFileTooManyIsFound() throws Exception {
    assertEquals(List.of("file"), found(CREATE, "/usr/bin/qemu-img \"$@\"; touch more"));
  }

  @Test
  void otherBytesInARawFileAreFound() throws Exception {
    assertEquals(
        List.of("content, first difference at byte 99"),
        found(
            """
            == a
            = s 10k
            $ qemu-img convert -f raw -O raw s t
            """,
            "/usr/bin/qemu-img \"$@\"; printf '\\1\\2\\3' | dd of=t bs=1 seek=99 conv=notrunc"
                + " status=none"));
  }

  @Test
  void otherGuestDataIsFoundWhereOnlyTheDataFileHasIt() throws Exception {
    assertEquals(
        List.of("guest-visible data"),
        found(
            """
            == a
            ~ raw-files
            + qemu-img create -q -f qcow2 -o data_file=d a.qcow2 1M
            + qemu-io -c 'write -P 1 0 64k' a.qcow2
            $ qemu-img info a.qcow2 > /dev/null
            """,
            "/usr/bin/qemu-io -c 'write -P 2 0 64k' a.qcow2 > /dev/null"));
  }

  @Test
  void anImageWithoutItsBackingFileIsComparedAlone() throws Exception {
    String text =
        """
        == a
        $ qemu-img create -q -f qcow2 -u -b none -F raw a.qcow2 1M
        """;
    String create = "/usr/bin/qemu-img \"$@\"; ";
    String write = "/usr/bin/qemu-io --image-opts driver=qcow2,backing=,file.filename=a.qcow2 -c ";
    assertEquals(List.of(), found(text, create + "truncate -s 1M a.qcow2"));
    assertEquals(
        List.of("guest-visible data"),
        found(text, create + write + "'write -q -P 1 0 64k' 2> /dev/null"));
  }

  @Test
  void theDataFileOfEachImageIsItsOwn() throws Exception {
    assertEquals(
        List.of(),
        found(
            """
            == a
            ~ raw-files
            $ qemu-img create -q -f qcow2 -o data_file=d a.qcow2 1M
            + qemu-io -c 'write -P 1 0 64k' a.qcow2
            """,
            "exec /usr/bin/qemu-img \"$@\""));
  }

  @Test
  void aSetupThatFailsIsNoPass() throws IOException {
    tool("qemu-img", "exit 0");
    CorpusCase wrong = CaseFile.parse("test", "== a\n+ false\n$ qemu-img info a\n").getFirst();
    assertThrows(CaseRunner.SetupFailed.class, () -> new CaseRunner(tools, PEER).run(wrong));
  }

  private List<String> found(String caseText, String script) throws Exception {
    tool("qemu-img", script);
    tool("qemu-io", "exec /usr/bin/qemu-io \"$@\"");
    CorpusCase test = CaseFile.parse("test", caseText).getFirst();
    return new CaseRunner(tools, PEER).run(test).stream().map(Difference::what).toList();
  }

  private void tool(String name, String script) throws IOException {
    Path file = tools.resolve(name);
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    if (!file.toFile().setExecutable(true)) {
      throw new IOException("cannot make " + file + " executable");
    }
  }
}
