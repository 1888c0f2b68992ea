// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.BlockException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Reads text, whatever bytes it is made of. */
record TextTarget(String name, Parser parser, List<String> texts) implements FuzzTarget {
  /** Reads a text. */
  interface Parser {
    void parse(String text) throws BlockException;
  }

  @Override
  public List<byte[]> seeds() {
    return texts.stream().map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
  }

  @Override
  public void run(byte[] input) throws BlockException {
    parser.parse(new String(input, StandardCharsets.UTF_8));
  }
}
