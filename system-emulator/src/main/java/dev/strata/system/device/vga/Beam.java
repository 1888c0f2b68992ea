// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

/**
 * Where a monitor's beam is at a moment. It is set by registers that may hold anything, so that a
 * retrace comes in each frame whether they have one or not: guests wait for it.
 *
 * @param frameNanos how long a picture takes, at least 1
 * @param totalLines lines of a frame, at least 2
 * @param totalCharacters characters of a line, at least 5
 * @param shownLines those of them that are shown
 * @param shownCharacters those that are shown
 * @param retraceStart the retrace's first line, below the total
 * @param retraceEnd the line behind its last
 */
record Beam(
    long frameNanos,
    int totalLines,
    int totalCharacters,
    int shownLines,
    int shownCharacters,
    int retraceStart,
    int retraceEnd) {
  private static final long[] DOT_CLOCKS = {25_175_000, 28_322_000, 25_175_000, 25_175_000};
  private static final long SECOND = 1_000_000_000;

  private static final int DISPLAY_DISABLED = 1;
  private static final int VERTICAL_RETRACE = 8;

  /**
   * As the registers set it.
   *
   * @param clock which of the four dot clocks
   */
  static Beam of(CrtController crt, Sequencer sequencer, int clock) {
    int lines = crt.verticalTotal();
    int characters = crt.horizontalTotal();
    long dots = (long) lines * characters * sequencer.dotsPerCharacter();
    long nanos = (sequencer.halvesDotClock() ? 2 * dots : dots) * SECOND / DOT_CLOCKS[clock];
    int start = Math.min(crt.retraceStart(), lines - 1);
    return new Beam(
        nanos,
        lines,
        characters,
        crt.lines(),
        crt.columns(),
        start,
        Math.min(start + crt.retraceLines(), lines));
  }

  /** How many frames have been shown. */
  long frames(long nanos) {
    return nanos / frameNanos;
  }

  /** The bits of the status register that are the beam's. */
  int status(long nanos) {
    long position = nanos % frameNanos * totalLines;
    int line = (int) (position / frameNanos);
    int character = (int) (position % frameNanos * totalCharacters / frameNanos);
    if (line >= retraceStart && line < retraceEnd) {
      return VERTICAL_RETRACE | DISPLAY_DISABLED;
    }
    return line >= shownLines || character >= shownCharacters ? DISPLAY_DISABLED : 0;
  }
}
