// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool.command;

/** {@code help}, and what it says of the commands that take options. */
final class HelpText {
  private static final String VERIFY = " -P, -- expect every byte read to be this one\n";
  private static final String FILL = " -P, -- write this byte instead of 0xcd\n";
  private static final String MACHINE = " -C, -- print the figures as comma-separated values\n";
  private static final String QUIET = " -q, -- print no figures\n";
  private static final String DUMP = " -v, -- print the bytes read\n";
  private static final String FUA = " -f, -- have the bytes on stable storage when done\n";
  private static final String INVALID = " -i, -- only count an invalid request\n";
  private static final String UNMAP = " -u, -- with -z, the range may be deallocated\n";
  private static final String BACKGROUND =
      """
       The request goes on in the background. The command succeeds once it is started;
       what becomes of it is printed later. 'aio_flush' waits for all such requests.
      """;

  static final String READ =
      """

       Reads a range of the open image.

       Example:
       'read -v 512 1k' - prints the 1024 bytes that begin at offset 512

       -b, -- read the machine's saved state instead of the disk
      """
          + MACHINE
          + " -l, -- how many bytes -P compares\n"
          + " -p, -- has no effect\n"
          + VERIFY
          + QUIET
          + " -s, -- where in the bytes read -P begins to compare\n"
          + DUMP;

  static final String READV =
      """

       Reads a range of the open image into one buffer for each length.

       Example:
       'readv -v 512 1k 1k' - prints the 2048 bytes that begin at offset 512

      """
          + MACHINE
          + VERIFY
          + DUMP
          + QUIET;

  static final String WRITE =
      """

       Writes a range of the open image; every byte is 0xcd unless an option says otherwise.

       Example:
       'write 512 1k' - writes the 1024 bytes that begin at offset 512

       -b, -- write the machine's saved state instead of the disk
       -c, -- have the image store the bytes compressed
      """
          + FUA
          + " -n, -- with -z, fail rather than write zeroes as data\n"
          + " -p, -- has no effect\n"
          + FILL
          + " -s, -- write the bytes of this file, over and over\n"
          + MACHINE
          + QUIET
          + UNMAP
          + " -z, -- have the image make the range read as zeroes\n";

  static final String WRITEV =
      """

       Writes a range of the open image from one buffer for each length.

       Example:
       'writev 512 1k 1k' - writes the 2048 bytes that begin at offset 512

      """
          + FILL
          + MACHINE
          + FUA
          + QUIET;

  static final String AIO_READ =
      """

       Starts to read a range of the open image.

       Example:
       'aio_read -v 512 1k 1k' - prints the 2048 bytes that begin at offset 512

      """
          + BACKGROUND
          + MACHINE
          + VERIFY
          + INVALID
          + DUMP
          + QUIET;

  static final String AIO_WRITE =
      """

       Starts to write a range of the open image.

       Example:
       'aio_write 512 1k 1k' - writes the 2048 bytes that begin at offset 512

      """
          + BACKGROUND
          + FILL
          + MACHINE
          + FUA
          + INVALID
          + QUIET
          + UNMAP
          + " -z, -- have the image make the range read as zeroes\n";

  static final String DISCARD =
      """

       Tells the open image that a range is not needed any more.

       Example:
       'discard 512 1k' - gives up the 1024 bytes that begin at offset 512

      """
          + MACHINE
          + QUIET;

  static final String OPEN =
      """

       Opens an image for the commands to come.

       Example:
       'open -n -o driver=raw /tmp/data' - opens a raw file, past the host's page cache

       -r, -- open it read-only
       -s, -- lose all changes when it is closed
       -C, -- copy what is read from the backing file
       -n, -- the same as -t none
       -U, -- open it even if another program uses it
       -k, -- the same as -i native
       -i, -- how I/O is submitted: threads, native or io_uring
       -t, -- the cache mode
       -d, -- whether discards are carried out: unmap or ignore
       -o, -- options of the block driver
      """;

  static final String REOPEN =
      """

       Changes how the open image is open.

       Example:
       'reopen -o lazy-refcounts=on' - has a qcow2 image write refcounts back lazily

       -r, -- make it read-only
       -w, -- make it writable
       -c, -- the new cache mode
       -o, -- options of the block driver that change
      """;

  static final String SIGRAISE =
      """

       Sends this program a signal.

       Example:
       'sigraise 15' - sends SIGTERM

      """;

  private HelpText() {}

  static void help(Session session, Words words) throws CommandFailure {
    if (words.count() == 0) {
      for (String name : Commands.names()) {
        Command command = Commands.find(name);
        if (command != null && session.has(name)) {
          session.print(command.line(name));
        }
      }
      session.print("\nUse 'help commandname' for extended help.");
      return;
    }
    String name = words.get(0);
    Command command = Commands.find(name);
    if (command == null || !session.has(command.name())) {
      throw CommandFailure.result("command " + name + " not found");
    }
    session.print(command.line(name));
    if (command.details() != null) {
      session.print(command.details());
    }
  }
}
