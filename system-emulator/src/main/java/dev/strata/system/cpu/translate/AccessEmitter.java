// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import dev.strata.system.cpu.interpret.GuestMemory;
import dev.strata.system.cpu.ir.Op;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;

/**
 * Loads and stores: through the TLB, and where that has not got the page, by the interpreter. What
 * crosses a page is never found there.
 */
final class AccessEmitter {
  private static final long PAGE = ~0xfffL;

  private final Frame frame;
  private final CodeBuilder c;
  private final Sites sites;
  private final HostAccess host;
  private final List<Runnable> slowPaths = new ArrayList<>();
  private long changedAtSites;

  AccessEmitter(Frame frame, Sites sites, HostAccess host) {
    this.frame = frame;
    this.host = host;
    this.c = frame.c;
    this.sites = sites;
  }

  /** Pushes a + (b << scale) + displacement. */
  void pushAddress(Node node, long w) {
    boolean none = ((int) (w >>> 24) & 63) == frame.roles.zero() && (w & Op.IMMEDIATE) == 0;
    frame.x(node, w);
    if (!none) {
      frame.y(node, w);
      int scale = (int) w >>> 10 & 3;
      if (scale != 0) {
        c.loadConstant(scale).lshl();
      }
      c.ladd();
    }
    if (w >> 32 != 0) {
      c.loadConstant(w >> 32).ladd();
    }
  }

  void access(Node node, int i) {
    long w = node.block.code[i];
    int size = (int) (w >>> 7) & 3;
    int operation = (int) w & 127;
    pushAddress(node, w);
    if ((w & Op.ADDRESS32) != 0) {
      frame.cut(32);
    }
    c.lstore(frame.address);
    c.lload(frame.address);
    host.place(c);
    c.lstore(frame.place);
    Label misses = c.newLabel();
    Label done = c.newLabel();
    int tag = operation == Op.LOAD ? GuestMemory.TLB_READ : GuestMemory.TLB_WRITE;
    host.element(c, frame.host, frame.tlb, frame.place, tag);
    c.lload(frame.address);
    if (size != 0) {
      c.loadConstant((1L << size) - 1).ladd();
    }
    c.loadConstant(PAGE).land().lcmp().ifne(misses);
    host.begin(c, frame.host);
    host.element(c, frame.host, frame.tlb, frame.place, GuestMemory.TLB_ADDEND);
    c.lload(frame.address).ladd();
    if (operation == Op.STORE) {
      pushStored(node, w);
      host.write(c, size);
    } else {
      host.read(c, size);
      frame.destination(w);
    }
    c.labelBinding(done);
    int site = sites.add(node, i);
    long changed = frame.flow.changed(node, i);
    changedAtSites |= changed;
    slowPaths.add(() -> {
      c.labelBinding(misses);
      frame.atSite(site, changed);
      slowPath(node, w, size);
      c.goto_(done);
    });
  }

  private void pushStored(Node node, long w) {
    frame.push(node, (int) (w >>> 12) & 63);
  }

  private void slowPath(Node node, long w, int size) {
    frame.core().lload(frame.address).loadConstant(size);
    if (((int) w & 127) == Op.STORE) {
      pushStored(node, w);
      c.invokevirtual(
          Frame.CORE, "slowStore", MethodTypeDesc.of(CD_void, CD_long, CD_int, CD_long));
    } else {
      String name = ((int) w & 127) == Op.LOAD ? "slowLoad" : "slowLoadToWrite";
      c.invokevirtual(Frame.CORE, name, MethodTypeDesc.of(CD_long, CD_long, CD_int));
      // The JIT enters no loop where something is on the stack, and takes the way back for one.
      frame.destination(w);
    }
  }

  /** What was put off: all that can raise a fault of the guest. */
  void emitSlowPaths() {
    slowPaths.forEach(Runnable::run);
  }

  /** What has changed at some of them, as {@link StateFlow} has it. */
  long changedAtSites() {
    return changedAtSites;
  }

  boolean hasSlowPaths() {
    return !slowPaths.isEmpty();
  }
}
