// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.system.state.StateInput;
import dev.strata.system.state.StateOutput;
import dev.strata.system.state.StateSection;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * All that lasts of a machine, which is paused while it is written or read. Any thread but the
 * processor's.
 */
public final class MachineState {
  private static final long LOOK_NANOS = 1_000_000; // how often whether requests are done

  /** What a machine consists of. */
  public interface Parts {
    /**
     * What lasts, in the order in which it is written and read: who drives a wire comes before who
     * is at its end.
     */
    List<StateSection> sections();

    /** Has no device begin a request, or lets them go on. */
    void hold(boolean held);

    /** Whether all requests under way are such that wait for the machine to go on. */
    boolean isSettled();
  }

  private interface Work {
    void run() throws IOException;
  }

  private final Machine machine;
  private final Parts parts;

  /** The state of a machine of those parts. */
  public MachineState(Machine machine, Parts parts) {
    this.machine = machine;
    this.parts = parts;
  }

  /** Writes all, when the requests in flight are done. */
  public void save(OutputStream to) throws BlockException {
    perform(() -> {
      parts.hold(true);
      try {
        settle();
        StateOutput.write(parts.sections(), to);
      } finally {
        parts.hold(false);
      }
    });
  }

  /**
   * Reads all. If that fails, the machine is as after power-on, and still paused.
   *
   * @param from belongs to whoever it comes from: all of it is checked
   */
  public void load(InputStream from) throws BlockException {
    perform(() -> restore(from));
  }

  /** The same for a machine that is about to run; on the thread that runs it. */
  public void restore(InputStream from) throws BlockException {
    boolean done = false;
    machine.reset();
    settle(); // nothing that was given up reaches the guest's memory any more
    List<StateSection> sections = parts.sections();
    try {
      StateInput.read(sections, from);
      done = true;
    } finally {
      if (!done) {
        clear(sections);
        machine.reset();
      }
    }
  }

  private static void clear(List<StateSection> sections) {
    for (StateSection section : sections) {
      if (section instanceof StateSection.Memory memory) {
        memory.memory().fill((byte) 0);
      }
    }
  }

  /** Requests that are held tell nobody: whoever waits for the others has to look. */
  private void settle() {
    while (!parts.isSettled()) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private void perform(Work work) throws BlockException {
    var failure = new IOException[1];
    boolean done =
        machine.perform(() -> {
          try {
            work.run();
          } catch (IOException e) {
            failure[0] = e;
          }
        });
    if (!done) {
      throw new BlockException(Errno.EIO, "the machine has ended");
    }
    @Nullable IOException failed = failure[0];
    if (failed instanceof BlockException e) {
      throw e;
    }
    if (failed != null) {
      throw new BlockException(Errno.EIO, String.valueOf(failed.getMessage())).causedBy(failed);
    }
  }
}
