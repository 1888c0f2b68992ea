// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.driver.Permission;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One command.
 *
 * @param name in full
 * @param minimum of words behind the name
 * @param maximum of words behind the name; -1 for any number
 * @param needsFile whether it works on the open image
 * @param permissions on the image beyond those it was opened with
 * @param synopsis of its arguments
 * @param summary what it does, in a few words
 * @param details further help, or null
 * @param action does it
 */
public record Command(
    String name,
    int minimum,
    int maximum,
    boolean needsFile,
    Set<Permission> permissions,
    @Nullable String synopsis,
    String summary,
    @Nullable String details,
    Action action) {

  /** What a command does. */
  @FunctionalInterface
  interface Action {
    void run(Session session, Words words) throws CommandFailure;
  }

  static final int ANY = -1;

  /** Runs it after the checks that all commands have in common; tells the user what went wrong. */
  boolean run(Session session, Words words) {
    try {
      if (needsFile) {
        session.requireFile();
      }
      checkCount(words);
      if (!permissions.isEmpty()) {
        session.require(permissions);
      }
      action.run(session, words);
      return true;
    } catch (CommandFailure e) {
      tell(session, e);
      return false;
    }
  }

  private void checkCount(Words words) throws CommandFailure {
    int count = words.count();
    if (count >= minimum && (maximum == ANY || count <= maximum)) {
      return;
    }
    String expected =
        maximum == ANY
            ? "at least " + minimum + " arguments"
            : minimum == maximum
                ? minimum + " arguments"
                : "between " + minimum + " and " + maximum + " arguments";
    throw CommandFailure.plain(
        "bad argument count " + count + " to " + words.name() + ", expected " + expected);
  }

  private void tell(Session session, CommandFailure failure) {
    switch (failure.kind()) {
      case TOLD -> {}
      case USAGE -> session.print(line(name));
      case RESULT -> session.print(failure.getMessage());
      case PLAIN -> session.printError(failure.getMessage());
      case ERROR -> session.error(failure);
    }
  }

  /** The line of a listing. */
  String line(String calledBy) {
    return calledBy + " " + (synopsis == null ? "" : synopsis + " ") + "-- " + summary;
  }
}
