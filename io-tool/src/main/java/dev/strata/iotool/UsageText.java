// SPDX-License-Identifier: Apache-2.0
package dev.strata.iotool;

/** What {@code --help} and {@code --version} print. */
final class UsageText {
  private UsageText() {}

  static String of(String program) {
    return "Usage: "
        + program
        + " [OPTIONS]... [-c STRING]... [file]\n"
        + """
        Reads and writes disk images by commands

          --object OBJECTDEF   an object that the image's options refer to
          --image-opts         the file is given as an option string
          -c, --cmd STRING     run this command; may be given again
          -f, --format FMT     the driver of the image
          -r, --read-only      open it read-only
          -s, --snapshot       lose all changes at the end
          -n, --nocache        the same as -t none
          -C, --copy-on-read   copy what is read from the backing file
          -m, --misalign       use buffers at odd addresses
          -k, --native-aio     the same as -i native
          -i, --aio=MODE       how I/O is submitted: threads, native or io_uring
          -t, --cache=MODE     none, writeback, writethrough (as without), directsync or unsafe
          -d, --discard=MODE   unmap or ignore
          -T, --trace [[enable=]<pattern>][,events=<file>][,file=<file>]
                               trace events; this program has none
          -U, --force-share    open it even if another program uses it
          -h, --help           print this
          -V, --version        print the version

        Without -c, commands are read from standard input. '\
        """
        + program
        + " -c help' lists them.";
  }

  static String version() {
    return "qemu-io version 7.2.22 (Strata 0.1.0)";
  }
}
