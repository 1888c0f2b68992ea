// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Preallocation;
import dev.strata.monitor.commandline.GetOpt;
import java.util.List;

/** {@code flush} and {@code truncate}. */
final class Changes {
  private Changes() {}

  static void flush(Session session, Words words) throws CommandFailure {
    try {
      session.backend().flush();
    } catch (BlockException e) {
      throw CommandFailure.told();
    }
  }

  static void truncate(Session session, Words words) throws CommandFailure {
    Preallocation mode = Preallocation.OFF;
    GetOpt options = words.options(session, "m:");
    for (int option = options.next(); option != GetOpt.END; option = options.next()) {
      if (option != 'm') {
        throw CommandFailure.usage();
      }
      mode = preallocation(options.argument());
    }
    List<String> operands = options.operands();
    if (operands.size() != 1) {
      throw CommandFailure.usage();
    }
    long length = Words.number(session, operands.get(0));
    try {
      session.backend().truncate(length, false, mode, 0);
    } catch (BlockException e) {
      throw CommandFailure.of(e);
    }
  }

  private static Preallocation preallocation(String word) throws CommandFailure {
    return switch (word) {
      case "off" -> Preallocation.OFF;
      case "metadata" -> Preallocation.METADATA;
      case "falloc" -> Preallocation.FALLOC;
      case "full" -> Preallocation.FULL;
      default -> throw CommandFailure.error("Invalid preallocation mode '" + word + "'");
    };
  }
}
