// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.quorum;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.util.ArrayList;
import java.util.List;

/** What children failed with: the most frequent error is the answer, of several the latest. */
final class ErrorVote {
  private final List<BlockException> errors = new ArrayList<>();

  void add(BlockException error) {
    errors.add(error);
  }

  int count() {
    return errors.size();
  }

  /** The answer; there is at least one error. */
  BlockException winner() {
    BlockException winner = errors.get(0);
    int most = 0;
    for (BlockException each : errors) {
      int votes = votes(each.errno());
      if (votes >= most) {
        winner = each;
        most = votes;
      }
    }
    return winner;
  }

  private int votes(Errno errno) {
    int votes = 0;
    for (BlockException each : errors) {
      votes += each.errno() == errno ? 1 : 0;
    }
    return votes;
  }
}
