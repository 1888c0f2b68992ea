// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.filter.quorum;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.Errno;
import dev.strata.block.IoVector;
import dev.strata.block.RequestFlags;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * One read that children vote on. Memory: a piece of 1 MiB for each child, whatever is read; what
 * the first readable child says is kept, and read again from another if it is outvoted.
 */
final class QuorumRead {
  private static final int PIECE = 1 << 20;

  private final List<Child> children;
  private final QuorumRules rules;
  private final BufferPool buffers;
  private final long offset;
  private final IoVector into;
  private final QuorumReports reports;
  private final VersionVote vote;
  private final ErrorVote errors = new ErrorVote();

  QuorumRead(
      List<Child> children,
      QuorumRules rules,
      BufferPool buffers,
      long offset,
      IoVector into,
      QuorumReports reports) {
    this.children = children;
    this.rules = rules;
    this.buffers = buffers;
    this.offset = offset;
    this.into = into;
    this.reports = reports;
    this.vote = new VersionVote(children.size());
  }

  void run() throws BlockException {
    long piece = Math.min(PIECE, into.length());
    int kept = VersionVote.NONE;
    try (BufferPool.Buffer memory = buffers.acquire(piece * children.size())) {
      for (long done = 0; done < into.length(); done += piece) {
        long part = Math.min(piece, into.length() - done);
        MemorySegment[] pieces = readPiece(memory.segment(), piece, done, part);
        if (children.size() - errors.count() < rules.threshold()) {
          reports.noQuorum();
          throw errors.winner();
        }
        vote.compare(pieces);
        if (done == 0) {
          kept = firstReadable();
        } else if (kept != VersionVote.NONE && !vote.has(kept)) {
          kept = VersionVote.NONE;
        }
        if (kept != VersionVote.NONE) {
          into.copyFrom(done, pieces[kept]);
        }
        if (rules.verifies() && vote.version(1) != vote.version(0)) {
          throw mismatch(done + pieces[0].mismatch(pieces[1]));
        }
      }
    }
    decide(kept);
  }

  private int firstReadable() {
    for (int i = 0; i < children.size(); i++) {
      if (vote.has(i)) {
        return i;
      }
    }
    return VersionVote.NONE;
  }

  private MemorySegment[] readPiece(MemorySegment memory, long piece, long done, long part) {
    var pieces = new MemorySegment[children.size()];
    for (int i = 0; i < pieces.length; i++) {
      pieces[i] = memory.asSlice(i * piece, part);
      if (vote.has(i)) {
        try {
          children.get(i).read(offset + done, IoVector.of(pieces[i]), 0);
        } catch (BlockException e) {
          reports.failed(children.get(i), e);
          errors.add(e);
          vote.drop(i);
        }
      }
    }
    return pieces;
  }

  private BlockException mismatch(long at) {
    String message =
        "quorum: offset="
            + offset
            + " bytes="
            + into.length()
            + " contents mismatch at offset "
            + (offset + at);
    reports.differ(message);
    return new BlockException(Errno.EIO, message);
  }

  private void decide(int kept) throws BlockException {
    int winner = vote.winner();
    if (vote.votes(winner) < rules.threshold()) {
      reports.noQuorum();
      throw BlockException.of(Errno.EIO);
    }
    if (kept == VersionVote.NONE || vote.version(kept) != winner) {
      children.get(winner).read(offset, into, 0);
    }
    for (int i = 0; i < children.size(); i++) {
      if (vote.has(i) && vote.version(i) != winner) {
        reports.outvoted(children.get(i));
        if (rules.rewrites()) {
          rewrite(children.get(i));
        }
      }
    }
  }

  private void rewrite(Child child) {
    try {
      child.write(offset, into, RequestFlags.WRITE_UNCHANGED);
    } catch (BlockException e) {
      errors.add(e); // the read is good all the same; the child is outvoted next time, too
    }
  }
}
