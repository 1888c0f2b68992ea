// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.job;

import dev.strata.block.BlockException;
import dev.strata.block.graph.BlockNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Long work. {@link #run} does it; then, when the user lets it, {@link #prepare} and {@link
 * #commit} make it count, or {@link #abort} leaves things as if it had not been; {@link #clean}
 * comes last. All run on the job's own thread.
 */
public abstract class Job {
  private final String type;
  private final JobSettings settings;
  private final List<BlockNode> nodes;

  // Guarded by the registry.
  JobStatus status = JobStatus.CREATED;
  Stage stage = Stage.WORKING;
  JobGroup group = new JobGroup();
  boolean userPaused;
  int holds; // of commands that are not answered yet
  boolean busy;
  boolean ready;
  boolean cancelled;
  @Nullable JobEnding ending;
  IoStatus ioStatus = IoStatus.OK;
  long speed;
  long current;
  long remaining;
  @Nullable BlockException failure;

  /** How far its work is on the way to count. */
  enum Stage {
    WORKING,
    DONE,
    PREPARED
  }

  /**
   * A job that has not begun.
   *
   * @param type as QMP names it: {@code backup}
   * @param nodes that nobody else may take away or give to another job meanwhile
   */
  protected Job(String type, JobSettings settings, List<BlockNode> nodes) {
    this.type = type;
    this.settings = settings;
    this.nodes = List.copyOf(nodes);
    this.speed = settings.speed();
  }

  /** Says how much there is to do, before the job begins and anybody asks. */
  protected final void expect(long units) {
    remaining = units;
  }

  /** Its kind. */
  public final String type() {
    return type;
  }

  /** Its name. */
  public final String id() {
    return settings.id();
  }

  /** What the user said of it. */
  public final JobSettings settings() {
    return settings;
  }

  /** The nodes that it works with. */
  public final List<BlockNode> nodes() {
    return nodes;
  }

  /** Whether it works on the disks of a guest, whom more events tell of it. */
  public boolean isBlockJob() {
    return true;
  }

  /** Does the work. Holds no lock of the graph. */
  protected abstract void run(JobControl control) throws BlockException;

  /** Does what may fail before the work counts. */
  protected void prepare() throws BlockException {}

  /** Makes the work count. */
  protected void commit() throws BlockException {}

  /** Undoes what was begun. */
  protected void abort() {}

  /** Gives up what it held, however it ended; called last. */
  protected void clean() throws BlockException {}

  /**
   * A look at a job.
   *
   * @param status how far it is
   * @param current bytes done, or whatever the job counts
   * @param total of the same, as far as it is known
   * @param speed in bytes a second; 0 for no limit
   * @param paused whether a user paused it, or a request that failed
   * @param busy whether it may have requests in flight
   * @param ready whether it was ready to come to its end
   * @param ioStatus whether a request that failed stopped it
   * @param failure why it failed, or null
   */
  public record Progress(
      JobStatus status,
      long current,
      long total,
      long speed,
      boolean paused,
      boolean busy,
      boolean ready,
      IoStatus ioStatus,
      @Nullable BlockException failure) {}
}
