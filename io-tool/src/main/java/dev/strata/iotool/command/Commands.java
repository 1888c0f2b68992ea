// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

import dev.strata.block.driver.Permission;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All commands. */
public final class Commands {
  private static final Set<Permission> NONE = EnumSet.noneOf(Permission.class);
  private static final Set<Permission> WRITE = EnumSet.of(Permission.WRITE);
  private static final Set<Permission> RESIZE = EnumSet.of(Permission.WRITE, Permission.RESIZE);

  /** In alphabetical order, as help lists them. */
  private static final List<String> NAMES =
      List.of(
          "abort",
          "aio_flush",
          "aio_read",
          "aio_write",
          "alloc",
          "break",
          "close",
          "discard",
          "flush",
          "help",
          "info",
          "length",
          "map",
          "open",
          "quit",
          "read",
          "readv",
          "remove_break",
          "reopen",
          "resume",
          "sigraise",
          "sleep",
          "truncate",
          "wait_break",
          "write",
          "writev");

  private Commands() {}

  private static Command any(
      String name,
      int minimum,
      int maximum,
      @Nullable String synopsis,
      String summary,
      @Nullable String details,
      Command.Action action) {
    return new Command(name, minimum, maximum, false, NONE, synopsis, summary, details, action);
  }

  private static Command file(
      String name,
      int minimum,
      int maximum,
      Set<Permission> permissions,
      @Nullable String synopsis,
      String summary,
      @Nullable String details,
      Command.Action action) {
    return new Command(
        name, minimum, maximum, true, permissions, synopsis, summary, details, action);
  }

  /** The names of all commands, in the order of listings. */
  public static List<String> names() {
    return NAMES;
  }

  /** Whether a command is about which image is open, which only the program decides. */
  static boolean isOfProgram(String name) {
    return name.equals("open") || name.equals("close") || name.equals("quit");
  }

  /** How a command is written and what it does, in one line. */
  public static String usage(String name) {
    Command command = find(name);
    return command == null ? name : command.line(name);
  }

  /** What else there is to say of a command; may be empty. */
  public static String details(String name) {
    Command command = find(name);
    String details = command == null ? null : command.details();
    return details == null ? "" : details;
  }

  /** The command of that name or abbreviation, or null. Makes that one only: most runs use few. */
  static @Nullable Command find(String name) {
    return switch (name) {
      case "abort" ->
          any(
              "abort",
              0,
              0,
              null,
              "simulate a program crash using abort(3)",
              null,
              ProcessControl::abort);
      case "aio_flush" ->
          file(
              "aio_flush",
              0,
              0,
              NONE,
              null,
              "completes all outstanding aio requests",
              null,
              BackgroundRequests::flush);
      case "aio_read" ->
          file(
              "aio_read",
              2,
              Command.ANY,
              NONE,
              "[-Ciqv] [-P pattern] off len [len..]",
              "asynchronously reads a number of bytes",
              HelpText.AIO_READ,
              BackgroundRequests::read);
      case "aio_write" ->
          file(
              "aio_write",
              2,
              Command.ANY,
              WRITE,
              "[-Cfiquz] [-P pattern] off len [len..]",
              "asynchronously writes a number of bytes",
              HelpText.AIO_WRITE,
              BackgroundRequests::write);
      case "alloc", "a" ->
          file(
              "alloc",
              1,
              2,
              NONE,
              "offset [count]",
              "checks if offset is allocated in the file",
              null,
              Inspection::alloc);
      case "break" ->
          file(
              "break",
              2,
              2,
              NONE,
              "event tag",
              "sets a breakpoint on event and tags the stopped request as tag",
              null,
              BreakpointControl::set);
      case "close", "c" ->
          file(
              "close", 0, 0, NONE, null, "close the current open file", null, ImageCommands::close);
      case "discard", "d" ->
          file(
              "discard",
              2,
              Command.ANY,
              WRITE,
              "[-Cq] off len",
              "discards a number of bytes at a specified offset",
              HelpText.DISCARD,
              Writes::discard);
      case "flush", "f" ->
          file(
              "flush",
              0,
              0,
              NONE,
              null,
              "flush all in-core file state to disk",
              null,
              Changes::flush);
      case "help", "?" ->
          any("help", 0, 1, "[command]", "help for one or all commands", null, HelpText::help);
      case "info", "i" ->
          file(
              "info",
              0,
              0,
              NONE,
              null,
              "prints information about the current file",
              null,
              Inspection::info);
      case "length", "l" ->
          file(
              "length",
              0,
              0,
              NONE,
              null,
              "gets the length of the current file",
              null,
              Inspection::length);
      // The reference has an empty synopsis here, not none: a second space.
      case "map" ->
          file(
              "map", 0, 0, NONE, "", "prints the allocated areas of a file", null, Inspection::map);
      case "open", "o" ->
          any(
              "open",
              1,
              Command.ANY,
              "[-rsCnkU] [-t cache] [-d discard] [-o options] [path]",
              "open the file specified by path",
              HelpText.OPEN,
              ImageCommands::open);
      case "quit", "q" ->
          any("quit", 0, Command.ANY, null, "exit the program", null, ProcessControl::quit);
      case "read", "r" ->
          file(
              "read",
              2,
              Command.ANY,
              NONE,
              "[-abCqv] [-P pattern [-s off] [-l len]] off len",
              "reads a number of bytes at a specified offset",
              HelpText.READ,
              Reads::read);
      case "readv" ->
          file(
              "readv",
              2,
              Command.ANY,
              NONE,
              "[-Cqv] [-P pattern] off len [len..]",
              "reads a number of bytes at a specified offset",
              HelpText.READV,
              Reads::readv);
      case "remove_break" ->
          file(
              "remove_break",
              1,
              1,
              NONE,
              "tag",
              "remove a breakpoint by tag",
              null,
              BreakpointControl::remove);
      case "reopen" ->
          file(
              "reopen",
              0,
              Command.ANY,
              NONE,
              "[(-r|-w)] [-c cache] [-o options]",
              "reopens an image with new options",
              HelpText.REOPEN,
              ImageCommands::reopen);
      case "resume" ->
          file(
              "resume",
              1,
              1,
              NONE,
              "tag",
              "resumes the request tagged as tag",
              null,
              BreakpointControl::resume);
      case "sigraise" ->
          any(
              "sigraise",
              1,
              1,
              "signal",
              "raises a signal",
              HelpText.SIGRAISE,
              ProcessControl::raise);
      case "sleep" ->
          any(
              "sleep",
              1,
              1,
              null,
              "waits for the given value in milliseconds",
              null,
              ProcessControl::sleep);
      case "truncate", "t" ->
          file(
              "truncate",
              1,
              3,
              RESIZE,
              "[-m prealloc_mode] off",
              "truncates the current file at the given offset",
              null,
              Changes::truncate);
      case "wait_break" ->
          file(
              "wait_break",
              1,
              1,
              NONE,
              "tag",
              "waits for the suspension of a request",
              null,
              BreakpointControl::await);
      case "write", "w" ->
          file(
              "write",
              2,
              Command.ANY,
              WRITE,
              "[-bcCfnquz] [-P pattern | -s source_file] off len",
              "writes a number of bytes at a specified offset",
              HelpText.WRITE,
              Writes::write);
      case "writev" ->
          file(
              "writev",
              2,
              Command.ANY,
              WRITE,
              "[-Cfq] [-P pattern] off len [len..]",
              "writes a number of bytes at a specified offset",
              HelpText.WRITEV,
              Writes::writev);
      default -> null;
    };
  }
}
