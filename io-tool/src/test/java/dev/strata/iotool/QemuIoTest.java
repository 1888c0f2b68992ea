// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The expected output is what QEMU 7.2 printed for the same commands. */
class QemuIoTest {
  private static final int SIZE = 1 << 20;
  private static final String NOT_FOUND = "command \"foo\" not found\n";

  @TempDir Path folder;
  private Path image;

  private record Result(int code, String output, String errors) {}

  @BeforeEach
  void makeImage() throws IOException {
    image = folder.resolve("a.raw");
    Files.write(image, new byte[SIZE]);
  }

  private static Result runWith(String input, String... arguments) {
    var output = new ByteArrayOutputStream();
    var errors = new ByteArrayOutputStream();
    int code;
    try (var out = new PrintStream(output, false, StandardCharsets.UTF_8);
        var err = new PrintStream(errors, true, StandardCharsets.UTF_8)) {
      var in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
      code = new QemuIo(in, out, err).run(arguments, false);
    }
    return new Result(
        code,
        withoutTimes(output.toString(StandardCharsets.UTF_8)),
        errors.toString(StandardCharsets.UTF_8));
  }

  private static String withoutTimes(String text) {
    return text.replaceAll("[0-9.]+ sec \\(.*\\)", "TIME")
        .replaceAll("(?m)^([0-9]+,1),0:00:.*", "$1,TIME");
  }

  private Result run(String... commands) {
    List<String> words = new ArrayList<>(List.of("-f", "file", image.toString()));
    for (String command : commands) {
      words.add("-c");
      words.add(command);
    }
    return runWith("", words.toArray(String[]::new));
  }

  @Test
  void whatIsWrittenIsInTheFile() throws IOException {
    Result result = run("write 1k 2k", "write -P 7 512 10");
    assertEquals(
        """
        wrote 2048/2048 bytes at offset 1024
        2 KiB, 1 ops; TIME
        wrote 10/10 bytes at offset 512
        10 bytes, 1 ops; TIME
        """,
        result.output());
    assertEquals(0, result.code());
    var expected = new byte[SIZE];
    Arrays.fill(expected, 1024, 3072, (byte) 0xcd);
    Arrays.fill(expected, 512, 522, (byte) 7);
    assertArrayEquals(expected, Files.readAllBytes(image));
  }

  @Test
  void largeWriteFillsEveryByteThoughItsMemoryIsShared() throws IOException {
    Files.write(image, new byte[5 * SIZE]);
    assertEquals(0, run("write -q -P 3 1 5000000").code());
    var expected = new byte[5 * SIZE];
    Arrays.fill(expected, 1, 5_000_001, (byte) 3);
    assertArrayEquals(expected, Files.readAllBytes(image));
  }

  @Test
  void fileIsRepeatedToTheLengthOfTheWrite() throws IOException {
    Path source = folder.resolve("source");
    Files.writeString(source, "abc");
    assertEquals(0, run("write -q -s " + source + " 0 7").code());
    assertEquals("abcabca\0", new String(Files.readAllBytes(image), 0, 8, StandardCharsets.UTF_8));
    assertEquals("nofile: No such file or directory\n", run("write -s nofile 0 7").errors());
    Path empty = Files.createFile(folder.resolve("empty"));
    assertEquals(empty + ": file is empty\n", run("write -s " + empty + " 0 7").errors());
  }

  @Test
  void differingPatternFailsAndSaysWhere() {
    Result result = run("read -P 1 -s 100 -l 20 0 512");
    assertEquals(
        """
        Pattern verification failed at offset 100, 20 bytes
        read 512/512 bytes at offset 0
        512 bytes, 1 ops; TIME
        """,
        result.output());
    assertEquals(1, result.code());
  }

  @Test
  void patternIsComparedInTheGivenRangeOnly() {
    assertEquals(0, run("write -q -P 9 100 20", "read -q -P 9 -s 100 -l 20 0 512").code());
    assertEquals(1, run("read -q -P 9 -s 99 -l 20 0 512").code());
    assertEquals(1, run("read -q -P 9 -s 100 -l 21 0 512").code());
  }

  @Test
  void bytesArePrintedSixteenALine() {
    Result result =
        run("write -q -P 0x41 0 8", "write -q -P 0x2d 8 1", "read -qv 0 1", "read -v 0 18");
    assertEquals(
        """
        00000000:  41 41 41 41 41 41 41 41 2d 00 00 00 00 00 00 00  AAAAAAAA........
        00000010:  00 00  ..
        read 18/18 bytes at offset 0
        18 bytes, 1 ops; TIME
        """,
        result.output());
  }

  @Test
  void figuresForProgramsAreSeparatedByCommas() {
    assertEquals("512,1,TIME\n", run("read -C 0 512").output());
  }

  @Test
  void argumentsAreCheckedInTheReferencesWords() {
    String output =
        run(
                "write x 1",
                "write 0 99999999T",
                "write -P 256 0 1",
                "write 0 4G",
                "write -u 0 1",
                "write -n 0 1",
                "write -zb 0 512",
                "write -z -P 1 0 1",
                "write -c 1 512",
                "readv 0 3G",
                "readv 0 1G 1G",
                "aio_write -z 0 1 1",
                "read -P 0 -l 1k 0 512",
                "sleep -1",
                "sigraise 66")
            .output();
    assertEquals(
        """
        Parsing error: non-numeric argument, or extraneous/unrecognized suffix -- x
        Parsing error: argument too large -- 99999999T
        256 is not a valid pattern byte
        length cannot exceed 2147483136 without -n, given 4G
        -u requires -z to be specified
        -n requires -z to be specified
        -b and -z cannot be specified at the same time
        Only one of -z, -P, and -s can be specified at the same time
        1 is not a sector-aligned value for 'offset'
        Argument '3G' exceeds maximum size 2147483136
        The total number of bytes exceed the maximum size 2147483136
        -z supports only a single length parameter
        pattern verification range exceeds end of read data
        -1 is not a valid number
        signal argument '66' is too large to be a valid signal
        """,
        output);
  }

  @Test
  void countOfArgumentsIsChecked() {
    assertEquals(
        """
        bad argument count 1 to write, expected at least 2 arguments
        bad argument count 1 to l, expected 0 arguments
        bad argument count 3 to alloc, expected between 1 and 2 arguments
        """,
        run("write 0", "l 1", "alloc 1 2 3").errors());
  }

  @Test
  void wrongOptionIsToldByTheNameUsedAndTheSynopsisByTheFullOne() {
    Result result = run("d -x 0 1");
    assertEquals("d: invalid option -- 'x'\n", result.errors());
    assertEquals(
        "discard [-Cq] off len -- discards a number of bytes at a specified offset\n",
        result.output());
  }

  @Test
  void requestsBeyondTheEndFail() {
    Result result =
        run("read 1M 1", "write 1048575 2", "readv 1M 1", "writev 1M 1", "discard 1M 1");
    assertEquals(
        """
        read failed: Input/output error
        write failed: Input/output error
        readv failed: Input/output error
        writev failed: Input/output error
        discard failed: Input/output error
        """,
        result.output());
    assertEquals(1, result.code());
  }

  @Test
  void requestsInTheBackgroundAreDoneWhenFlushed() throws IOException {
    Result result = run("aio_write -P 5 0 64k", "aio_flush", "aio_read -P 6 0 512");
    assertEquals(
        """
        wrote 65536/65536 bytes at offset 0
        64 KiB, 1 ops; TIME
        Pattern verification failed at offset 0, 512 bytes
        read 512/512 bytes at offset 0
        512 bytes, 1 ops; TIME
        """,
        result.output());
    assertEquals(0, result.code(), "the command succeeds once the request is under way");
    assertEquals(5, Files.readAllBytes(image)[65535]);
  }

  @Test
  void manyRequestsInTheBackgroundAllComeToTheirEnd() throws IOException {
    var commands = new String[500];
    for (int i = 0; i < commands.length; i++) {
      commands[i] = "aio_write -q -P " + (i % 255 + 1) + " " + i * 1024 + " 1k";
    }
    assertEquals(0, run(commands).code());
    byte[] bytes = Files.readAllBytes(image);
    for (int i = 0; i < commands.length; i++) {
      assertEquals((byte) (i % 255 + 1), bytes[i * 1024 + 1023], "request " + i);
    }
  }

  @Test
  void readOnlyImageTakesNoCommandThatWrites() {
    Result result =
        runWith("", "-r", "-f", "file", image.toString(), "-c", "write 0 1", "-c", "truncate 1");
    assertEquals(
        "qemu-io: Block node is read-only\nqemu-io: Block node is read-only\n", result.errors());
    assertEquals(1, result.code());
  }

  @Test
  void truncateChangesTheSize() throws IOException {
    assertEquals("512 KiB\n", run("truncate 512k", "length").output());
    assertEquals(512 << 10, Files.size(image));
    assertEquals("qemu-io: Invalid preallocation mode 'foo'\n", run("truncate -m foo 1").errors());
  }

  @Test
  void commandsNeedAnOpenImage() {
    Result result =
        runWith("", "-c", "length", "-c", "open -o driver=file " + image, "-c", "length");
    assertEquals("no file open, try 'help open'\n", result.errors());
    assertEquals("1 MiB\n", result.output());
    assertEquals(1, result.code(), "one command failed");
  }

  @Test
  void secondImageIsRefusedUntilTheFirstIsClosed() {
    Result result =
        run("open -o driver=file " + image, "close", "open -o driver=file " + image, "l");
    assertEquals("qemu-io: file open already, try 'help close'\n", result.errors());
    assertEquals("1 MiB\n", result.output());
  }

  @Test
  void commandsComeFromInputBehindAPrompt() {
    Result result =
        runWith("length\n\nfoo\n  length  \nquit\nlength\n", "-f", "file", image.toString());
    assertEquals("qemu-io> 1 MiB\nqemu-io> qemu-io> qemu-io> 1 MiB\nqemu-io> ", result.output());
    assertEquals(NOT_FOUND, result.errors());
    assertEquals(1, result.code());
  }

  @Test
  void lastLineOfInputNeedsNoEnd() {
    Result result = runWith("length", "-f", "file", image.toString());
    assertEquals("qemu-io> 1 MiB\nqemu-io> ", result.output());
    assertEquals(0, result.code());
  }

  @Test
  void onlySpacesSeparateWords() {
    assertEquals("command \"read\t0\" not found\n", run("read\t0 512").errors());
  }

  @Test
  void breakpointsNeedADriverThatHasThem() {
    assertEquals(
        """
        Could not set breakpoint: Operation not supported
        Could not resume request: Operation not supported
        Could not remove breakpoint A: Operation not supported
        """,
        run("break pwritev A", "resume A", "remove_break A").output());
  }

  @Test
  void badCommandLinesAreRefused() {
    assertEquals("qemu-io: Invalid cache option: foo\n", runWith("", "-t", "foo").errors());
    assertEquals("qemu-io: Invalid discard option: foo\n", runWith("", "-d", "foo").errors());
    assertEquals("qemu-io: Invalid aio option: foo\n", runWith("", "-i", "foo").errors());
    assertEquals(
        "qemu-io: --image-opts and -f are mutually exclusive\n",
        runWith("", "--image-opts", "-f", "raw", "a").errors());
    assertEquals(1, runWith("", "a", "b").code());
    assertEquals(
        "qemu-io: can't open device nofile: Could not open 'nofile': No such file or directory\n",
        runWith("", "-f", "file", "nofile").errors());
  }

  @Test
  void requestHaltedAtABreakpointGoesOnWhenThatIsRemovedThoughThereIsNoBreakpointAnyMore() {
    String open = "open -o driver=blkdebug,image.driver=file,image.filename=" + image;
    Result result =
        runWith(
            "",
            "-c",
            open,
            "-c",
            "break pwritev A",
            "-c",
            "aio_write 0 512",
            "-c",
            "wait_break A",
            "-c",
            "remove_break A",
            "-c",
            "aio_flush");
    assertEquals(
        """
        blkdebug: Suspended request 'A'
        blkdebug: Resuming request 'A'
        Could not remove breakpoint A: No such file or directory
        wrote 512/512 bytes at offset 0
        512 bytes, 1 ops; TIME
        """,
        result.output());
  }

  @Test
  void fileNameGivenForAFilterIsThatOfTheImageBelow() {
    String info =
        """
        format name: blkdebug
        format name: blkdebug
        cluster size: 0 bytes
        vm state offset: 0 bytes
        """;
    Result result =
        runWith("", "-c", "open -o driver=blkdebug,image.driver=file " + image, "-c", "info");
    assertEquals("", result.errors());
    assertEquals(info, result.output());
    assertEquals(info, runWith("", "-f", "blkdebug", "-c", "info", image.toString()).output());
    assertEquals(
        "A block device must be specified for \"raw\"\n",
        runWith("", "-f", "blkverify", "-c", "info", image.toString())
            .errors()
            .replaceFirst(".*: ", ""));
  }
}
