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

    /** The RAM, of which most of the state is; null if there is none. */
    @Nullable MainMemory mainMemory();

    /** Has no device begin a request, or lets them go on. */
    void hold(boolean held);

    /** Whether all requests under way are such that wait for the machine to go on. */
    boolean isSettled();
  }

  /** What is done on the thread that runs the machine. */
  public interface Work {
    /** Does it. */
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

  /** The RAM, of which most of the state is; null if there is none. */
  public @Nullable MainMemory mainMemory() {
    return parts.mainMemory();
  }

  /** Has no device begin a request, or lets them go on. */
  public void hold(boolean held) {
    parts.hold(held);
  }

  /** Waits, while devices are held, until requests are done. The machine is paused. */
  public void awaitSettled() throws BlockException {
    perform(this::settle);
  }

  /** Does something between two instructions of the processor. */
  public void betweenInstructions(Work work) throws BlockException {
    perform(work);
  }

  /** Writes all but the main memory; devices are held and requests done. */
  public void saveRest(OutputStream to) throws BlockException {
    perform(() -> StateOutput.write(rest(), to));
  }

  /** Reads what that has written. If it fails, the machine is of no use any more. */
  public void loadRest(InputStream from) throws BlockException {
    perform(() -> StateInput.read(rest(), from));
  }

  private List<StateSection> rest() {
    MainMemory main = parts.mainMemory();
    return parts.sections().stream()
        .filter(section ->
            main == null
                || !(section instanceof StateSection.Memory memory)
                || !memory.memory().equals(main.memory()))
        .toList();
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
