// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.guest;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/** A board that is driven by the protocol of qtest at a program's standard input and output. */
final class QtestGuest implements AutoCloseable {
  private final Process process;
  private final Path errors;
  private final OutputStream out;
  private final BufferedReader in;

  /** Starts a program. */
  QtestGuest(List<String> command, Path errors) throws IOException {
    this.errors = errors;
    process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    out = process.getOutputStream();
    in = process.inputReader(StandardCharsets.US_ASCII);
  }

  private String ask(String command) throws IOException {
    out.write((command + "\n").getBytes(StandardCharsets.US_ASCII));
    out.flush();
    String answer = in.readLine();
    while (answer != null && answer.startsWith("IRQ ")) {
      answer = in.readLine();
    }
    if (answer == null || !answer.startsWith("OK")) {
      throw new IOException(command + ": " + answer + " " + Files.readString(errors));
    }
    return answer.substring(2).strip();
  }

  void out(char width, int port, long value) throws IOException {
    String answer = ask("out" + width + " 0x" + Integer.toHexString(port) + " " + value);
    if (!answer.isEmpty()) {
      throw new IOException(answer);
    }
  }

  long in(char width, int port) throws IOException {
    return Long.decode(ask("in" + width + " 0x" + Integer.toHexString(port)));
  }

  void write(long address, byte[] bytes) throws IOException {
    String hex = HexFormat.of().formatHex(bytes);
    String answer = ask("write " + address + " " + bytes.length + " 0x" + hex);
    if (!answer.isEmpty()) {
      throw new IOException(answer);
    }
  }

  byte[] read(long address, int length) throws IOException {
    return HexFormat.of().parseHex(ask("read " + address + " " + length).substring(2));
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    in.close();
  }
}
