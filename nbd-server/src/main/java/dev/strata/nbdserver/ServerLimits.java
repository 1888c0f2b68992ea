// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

/**
 * What clients can make a server hold.
 *
 * <p>A connected client has one buffer of {@link #INPUT} bytes and one of {@link #REPLIES}, and for
 * each of the {@link #OVERTAKING} threads that requests which wait may use one more of {@link
 * #REPLIES} and a write's payload of at most {@link #PIECE}; these threads are at most {@link
 * #ALL_OVERTAKING} for all clients together. Longer reads and writes go piece by piece, but for the
 * beginning of {@link #ALL_WHOLE_READS} reads of all clients. A client that negotiates has the data
 * of one option, at most {@link #SMALL_OPTION} bytes but for {@link #ALL_LARGE_OPTIONS} of all
 * clients.
 */
final class ServerLimits {
  /** A client that has not chosen an export by then is sent away. */
  static final long HANDSHAKE_NANOS = 10_000_000_000L;

  /** How many clients may be connected where the user sets no number. */
  static final int CLIENTS = 4096;

  /** How many clients negotiate on threads of the system, which are there at once. */
  static final int PLATFORM_NEGOTIATIONS = 16;

  /** How many options a client may send. */
  static final int OPTIONS = 1024;

  /** How long an option's data may be for any client at any time: the longest name, and queries. */
  static final int SMALL_OPTION = 8 * 1024;

  /** How many clients at a time may have an option with more data; others are told TOO_BIG. */
  static final int ALL_LARGE_OPTIONS = 16;

  /** The most bytes of data that are read or written in one go. */
  static final int PIECE = 256 * 1024;

  /** A client's buffer for requests: a piece, and headers around it. */
  static final int INPUT = PIECE + 4096;

  /** A buffer for replies: a piece, and headers and messages around it. */
  static final int REPLIES = PIECE + 16 * 1024;

  /** A read that is answered in one part is read up to here before the answer begins. */
  static final int WHOLE_READ = 1024 * 1024;

  /** How many reads at a time have a buffer for that; others are read a piece before it begins. */
  static final int ALL_WHOLE_READS = 16;

  /** How many requests of one client may wait at a time, each on a thread. */
  static final int OVERTAKING = 16;

  /** How many requests of all clients may wait on threads beyond the clients' own. */
  static final int ALL_OVERTAKING = 64;

  /** How many descriptors a context has in one answer; a client asks again for the rest. */
  static final int DESCRIPTORS = 8192;

  /** How long clients may take to let their last requests be answered when the server ends. */
  static final long FAREWELL_NANOS = 2_000_000_000L;

  private ServerLimits() {}
}
