// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.scsi;

import dev.strata.block.IoVector;
import java.lang.foreign.MemorySegment;

/**
 * A command with its data, and what became of it. A host adapter uses one again and again, on one
 * thread at a time.
 */
public final class ScsiRequest {
  /** How a command went. */
  public enum Outcome {
    /** It did what it should. */
    GOOD,
    /** It failed, or there was something to say first: {@link #sense}. */
    CHECK_CONDITION,
    /** It was not begun, for it would move more bytes than there is room for. */
    OVERRUN
  }

  private final CommandBlock command = new CommandBlock();
  private IoVector given = IoVector.empty();
  private IoVector room = IoVector.empty();
  private Outcome outcome = Outcome.GOOD;
  private int sense;
  private long filled;
  private long taken;

  /** A request to be {@linkplain #begin begun}. */
  public ScsiRequest() {}

  /**
   * Begins another command, which is in {@link #command}.
   *
   * @param given what the guest sends
   * @param room for what it gets
   */
  public void begin(IoVector given, IoVector room) {
    this.given = given;
    this.room = room;
    outcome = Outcome.GOOD;
    sense = Sense.NONE;
    filled = 0;
    taken = 0;
  }

  /** Lets go of the guest's memory. */
  public void end() {
    given = IoVector.empty();
    room = IoVector.empty();
  }

  /** The command. */
  public CommandBlock command() {
    return command;
  }

  /** How it went. */
  public Outcome outcome() {
    return outcome;
  }

  /** Why it failed. */
  public int sense() {
    return sense;
  }

  /** The bytes that the guest has got. */
  public long filled() {
    return filled;
  }

  /** The bytes that the guest has sent and that were used. */
  public long taken() {
    return taken;
  }

  // What units do with it

  void fail(int why) {
    outcome = Outcome.CHECK_CONDITION;
    sense = why;
  }

  /**
   * The memory that the guest is to get so many bytes in: none, and an overrun, if there is less
   * room.
   */
  IoVector roomFor(long bytes) {
    return bytes > room.length() ? none() : room.slice(0, bytes);
  }

  /** The bytes that the guest sends: none, and an overrun, if it sends fewer. */
  IoVector given(long bytes) {
    return bytes > given.length() ? none() : given.slice(0, bytes);
  }

  private IoVector none() {
    outcome = Outcome.OVERRUN;
    return IoVector.empty();
  }

  boolean isGood() {
    return outcome == Outcome.GOOD;
  }

  void filled(long bytes) {
    filled = bytes;
  }

  void taken(long bytes) {
    taken = bytes;
  }

  /**
   * Answers with bytes.
   *
   * @param allocation as many as the command asks for at most
   */
  void reply(byte[] bytes, long allocation) {
    if (allocation > room.length()) {
      outcome = Outcome.OVERRUN;
      return;
    }
    int length = (int) Math.min(bytes.length, allocation);
    room.slice(0, length).copyFrom(0, MemorySegment.ofArray(bytes).asSlice(0, length));
    filled = length;
  }
}
