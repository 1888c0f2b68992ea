// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.mutation;

import dev.strata.block.BlockException;
import java.util.ArrayDeque;

/** Steps that may fail, but in one way only. */
final class Steps {
  private static final int TOLD = 30;

  private final ArrayDeque<String> latest = new ArrayDeque<>();

  /** Something that a user does. */
  @FunctionalInterface
  interface Step {
    void run() throws Exception;
  }

  /** Does that; whether it worked. */
  boolean attempt(String name, Step step) {
    try {
      step.run();
      tell(name);
      return true;
    } catch (BlockException e) {
      if (e.getMessage().isBlank() || e.getMessage().equals("null")) {
        throw new Violation(name + ": an error without a message", e);
      }
      tell(name + ": " + e.getMessage());
      return false;
    } catch (Violation e) {
      throw e;
    } catch (Throwable e) {
      throw new Violation(name + ": " + e, e);
    }
  }

  private void tell(String line) {
    if (!line.startsWith("read at ")) {
      latest.add(line);
      if (latest.size() > TOLD) {
        latest.remove();
      }
    }
  }

  /** What was done last, and what became of it. */
  String latest() {
    return String.join("\n    ", latest);
  }
}
