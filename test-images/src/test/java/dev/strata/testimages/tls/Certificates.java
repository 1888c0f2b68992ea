// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Folders of credentials, made by GnuTLS's programs: {@code server} and {@code client}, whose
 * authority is the same; {@code nobody}, with that authority's certificate only; {@code stranger},
 * a client of another authority; {@code psk}, with the key of {@code alice}.
 */
public record Certificates(Path folder) {
  static final String CLIENT_NAME = "CN=client one,O=Test Inc,C=GB";

  static void assumeInstalled(String... programs) {
    String path = System.getenv("PATH");
    for (String program : programs) {
      boolean found = false;
      for (String each : path == null ? new String[0] : path.split(File.pathSeparator)) {
        found |= Files.isExecutable(Path.of(each, program));
      }
      assumeTrue(found, "no " + program);
    }
  }

  /** Makes them, or skips the test where GnuTLS has no programs. */
  public static Certificates make(Path folder) throws IOException, InterruptedException {
    assumeInstalled("certtool", "psktool");
    var made = new Certificates(folder);
    made.authority("ca");
    made.authority("other");
    made.issue("server", "ca", "server", "--key-type=rsa", "cn=localhost\ndns_name=localhost\n");
    String client = "country=GB\norganization=Test Inc\ncn=client one\n";
    made.issue("client", "ca", "client", "--curve=secp256r1", client);
    made.issue("stranger", "other", "client", "--curve=secp256r1", client);
    // It trusts the server, and itself.
    Files.write(
        folder.resolve("stranger/ca-cert.pem"),
        Files.readAllBytes(folder.resolve("ca.pem")),
        StandardOpenOption.APPEND);
    Files.createDirectory(folder.resolve("nobody"));
    Files.copy(folder.resolve("ca.pem"), folder.resolve("nobody/ca-cert.pem"));
    Files.createDirectory(folder.resolve("psk"));
    made.run("psktool", "-u", "alice", "-p", folder.resolve("psk/keys.psk").toString());
    return made;
  }

  /** The path of one of the folders. */
  public String dir(String name) {
    return folder.resolve(name).toString();
  }

  private void authority(String name) throws IOException, InterruptedException {
    Path template = folder.resolve(name + ".info");
    Files.writeString(template, "cn=" + name + "\nca\ncert_signing_key\nexpiration_days=300\n");
    run("certtool", "--generate-privkey", "--key-type=rsa", "--outfile", name + "-key.pem");
    run(
        "certtool",
        "--generate-self-signed",
        "--load-privkey",
        name + "-key.pem",
        "--template",
        template.toString(),
        "--outfile",
        name + ".pem");
  }

  private void issue(String dir, String authority, String role, String key, String name)
      throws IOException, InterruptedException {
    Path place = Files.createDirectory(folder.resolve(dir));
    Path template = place.resolve("info");
    Files.writeString(template, name + "tls_www_" + role + "\nsigning_key\nexpiration_days=300\n");
    var generate = new ArrayList<>(List.of("certtool", "--generate-privkey"));
    if (key.startsWith("--curve")) {
      generate.add("--key-type=ecdsa");
    }
    generate.addAll(List.of(key, "--outfile", dir + "/" + role + "-key.pem"));
    run(generate.toArray(String[]::new));
    run(
        "certtool",
        "--generate-certificate",
        "--load-ca-certificate",
        authority + ".pem",
        "--load-ca-privkey",
        authority + "-key.pem",
        "--load-privkey",
        dir + "/" + role + "-key.pem",
        "--template",
        template.toString(),
        "--outfile",
        dir + "/" + role + "-cert.pem");
    Files.copy(folder.resolve(authority + ".pem"), place.resolve("ca-cert.pem"));
  }

  private void run(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor(1, TimeUnit.MINUTES);
    assertEquals(0, process.exitValue(), said);
  }
}
