// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.hmp;

import dev.strata.block.BlockException;

/** Where the machine is moved to another process, or from one. */
public interface Migrations {
  /**
   * Begins to move it.
   *
   * @param detached whether the end is not waited for
   */
  void start(String uri, boolean detached) throws BlockException;

  /** Waits for it, being started for that. */
  void expect(String uri) throws BlockException;

  /** Gives the move up. */
  void cancel() throws BlockException;

  /** Goes on with a move that waits for it. */
  void goOn(String status) throws BlockException;

  /** Has the machine leave at once. */
  void startPostcopy() throws BlockException;

  /** Wants something of moves, or not. */
  void want(String capability, boolean on) throws BlockException;

  /** Sets something. */
  void parameter(String name, String value) throws BlockException;

  /** How far it is, in lines. */
  String describe();

  /** What is wanted, in lines. */
  String capabilities();

  /** What is set, in lines. */
  String parameters();
}
