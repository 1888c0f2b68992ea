// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.luks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.driver.Permission;
import dev.strata.block.driver.Permissions;
import dev.strata.block.graph.BlockBackend;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images made here, in the hands of other programs. */
final class LuksPeersTest {
  private static final int SIZE = 1 << 20;
  private static final String SECRET = "secret,id=s,data=123456";

  @TempDir private Path folder;

  private static boolean isInstalled(String program) {
    return Stream.of("/usr/bin", "/usr/sbin", "/sbin")
        .anyMatch(each -> Files.isExecutable(Path.of(each, program)));
  }

  private int run(String input, String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    process.getOutputStream().write(input.getBytes(UTF_8));
    process.getOutputStream().close();
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), String.join(" ", command));
    return process.exitValue();
  }

  private byte[] image(String driver, String prefix, String suite) throws BlockException {
    var content = new byte[SIZE];
    new Random(suite.hashCode()).nextBytes(content);
    try (var graph = new BlockGraph(DriverRegistry.load(), line -> {})) {
      graph.objects().define(SECRET);
      var options = new BlockOptions();
      options.put("size", SIZE);
      options.put(prefix + "key-secret", "s");
      for (String option : suite.split(",")) {
        options.put(
            prefix + option.substring(0, option.indexOf('=')),
            option.substring(option.indexOf('=') + 1));
      }
      String path = folder.resolve("a").toString();
      graph.create(graph.drivers().require(driver), path, options);
      BlockNode node =
          graph.open(
              new OpenRequest(
                  path,
                  BlockOptions.of("driver", driver, prefix + "key-secret", "s"),
                  NodeFlags.READ_ONLY.withWritable(true),
                  false,
                  false,
                  OpenGate.DENY));
      BlockBackend disk =
          graph.use(
              node,
              "test",
              new Permissions(
                  EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE),
                  EnumSet.allOf(Permission.class)));
      // In pieces of any size, so that what lies around them in a sector has to be kept.
      int at = 0;
      for (int piece = 1; at < SIZE; piece = piece * 3 + 1) {
        int length = Math.min(piece, SIZE - at);
        disk.write(at, IoVector.of(content).slice(at, length), 0);
        at += length;
      }
      disk.close();
    }
    return content;
  }

  private void assertReadByQemu(String options, byte[] content)
      throws IOException, InterruptedException {
    List<String> command =
        List.of(
            "qemu-img", "convert", "--object", SECRET, "--image-opts", options, "-O", "raw", "b");
    assertEquals(0, run("", command.toArray(String[]::new)), options);
    assertEquals(-1, Arrays.mismatch(content, Files.readAllBytes(folder.resolve("b"))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "iter-time=1",
        "iter-time=1,cipher-alg=aes-128,cipher-mode=cbc,ivgen-alg=essiv,hash-alg=sha1",
        "iter-time=1,cipher-alg=serpent-192,hash-alg=ripemd160",
        "iter-time=1,cipher-alg=twofish-256,cipher-mode=ctr,ivgen-alg=essiv,hash-alg=sha512",
        "iter-time=1,cipher-alg=cast5-128,cipher-mode=cbc,ivgen-alg=plain,hash-alg=sha224",
        "iter-time=1,cipher-mode=ecb,hash-alg=md5",
      })
  void qemuReadsWhatWasWritten(String suite) throws Exception {
    assumeTrue(isInstalled("qemu-img"));
    byte[] content = image("luks", "", suite);
    assertReadByQemu("driver=luks,key-secret=s,file.filename=a", content);
  }

  @ParameterizedTest
  @ValueSource(strings = {"format=luks,iter-time=1", "format=aes"})
  void qemuReadsWhatWasWrittenIntoQcow2(String suite) throws Exception {
    assumeTrue(isInstalled("qemu-img"));
    byte[] content = image("qcow2", "encrypt.", suite);
    String options = "driver=qcow2,encrypt.key-secret=s,file.filename=a";
    assertReadByQemu(options, content);
    assertEquals(0, run("", "qemu-img", "check", "--object", SECRET, "--image-opts", options));
  }

  /** The kernel need not know the cipher: these are what cryptsetup does by itself. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "iter-time=1",
        "iter-time=1,cipher-mode=cbc,ivgen-alg=essiv,hash-alg=sha512",
        "iter-time=1,cipher-alg=aes-128,cipher-mode=ctr,hash-alg=sha1",
      })
  void cryptsetupKnowsThePassphrase(String suite) throws Exception {
    assumeTrue(isInstalled("cryptsetup"));
    image("luks", "", suite);
    assertEquals(0, run("", "cryptsetup", "luksDump", "a"));
    assertEquals(0, run("123456", "cryptsetup", "open", "--test-passphrase", "a"));
    assertEquals(2, run("wrong", "cryptsetup", "open", "--test-passphrase", "a"));
  }

  @Test
  void whatCryptsetupMadeIsRead() throws Exception {
    assumeTrue(isInstalled("cryptsetup"));
    Files.write(folder.resolve("a"), new byte[4 << 20]);
    int made =
        run(
            "123456",
            "cryptsetup",
            "luksFormat",
            "-q",
            "--type",
            "luks1",
            "--pbkdf-force-iterations",
            "1000",
            "--key-size",
            "512",
            "a");
    assertEquals(0, made);
    try (var graph = new BlockGraph(DriverRegistry.load(), line -> {})) {
      graph.objects().define(SECRET);
      BlockNode node =
          graph.open(
              new OpenRequest(
                  folder.resolve("a").toString(),
                  BlockOptions.of("driver", "luks", "key-secret", "s"),
                  NodeFlags.READ_ONLY,
                  false,
                  false,
                  OpenGate.DENY));
      assertEquals((4 << 20) - (2 << 20), node.length());
    }
  }
}
