// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import dev.strata.system.cpu.ir.Op;
import java.lang.classfile.CodeBuilder;

/** What reaches the halves of vectors, which are always where the interpreter has them. */
final class HalfEmitter {
  private final Frame frame;
  private final CodeBuilder c;
  private final HostAccess host;

  HalfEmitter(Frame frame, HostAccess host) {
    this.frame = frame;
    this.c = frame.c;
    this.host = host;
  }

  void operation(Node node, long w) {
    int d = (int) (w >>> 12) & 63;
    switch ((int) w & 127) {
      case Op.GET_HALF -> {
        a(w);
        frame.destination(w);
      }
      case Op.SET_HALF -> set(d, () -> frame.y(node, w));
      case Op.FUNCTION_WITH_SLOT ->
          set(
              d,
              () -> {
                a(w);
                frame.y(node, w);
                frame.function(w);
              });
      default ->
          set(
              d,
              () -> {
                a(w);
                if ((w & Op.IMMEDIATE) != 0) {
                  c.loadConstant(w >> 48);
                } else {
                  host.half(c, frame.host, frame.vectors, (int) (w >>> 24) & 63);
                }
                frame.function(w);
              });
    }
  }

  private void a(long w) {
    host.half(c, frame.host, frame.vectors, (int) (w >>> 18) & 63);
  }

  private void set(int half, Runnable pushValue) {
    host.setHalf(c, frame.host, frame.vectors, half, pushValue);
  }
}
