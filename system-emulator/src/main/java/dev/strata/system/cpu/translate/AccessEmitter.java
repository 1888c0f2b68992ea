// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import dev.strata.system.cpu.interpret.GuestMemory;
import dev.strata.system.cpu.ir.Op;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Loads and stores. The last page reached through a base register stays in two local variables, its
 * address and where the host has it; only where that is another page is the TLB asked, and the
 * interpreter where that has not got it either. The aligned accesses that it serves lie in one
 * page.
 */
final class AccessEmitter {
  private static final int MOST_PAGES = 14; // for loads, and as many for stores
  private static final long PAGE = ~0xfffL;

  /** Local variables of a page. */
  private record Page(int tag, int addend) {}

  private record Key(boolean writes, int base, long where) {}

  private final Frame frame;
  private final CodeBuilder c;
  private final Sites sites;
  private final HostAccess host;
  private final Map<Key, Page> known = new HashMap<>();
  private final List<Page> toRead = new ArrayList<>();
  private final List<Page> toWrite = new ArrayList<>();
  private final List<Runnable> slowPaths = new ArrayList<>();

  AccessEmitter(Frame frame, Sites sites, HostAccess host) {
    this.frame = frame;
    this.host = host;
    this.c = frame.c;
    this.sites = sites;
    for (Node node : frame.shape().nodes()) {
      long[] code = node.block.code;
      for (int i = 0; i < code.length; i++) {
        int operation = (int) code[i] & 127;
        if (operation >= Op.LOAD && operation <= Op.STORE) {
          page(node, i);
        }
      }
    }
  }

  private Page page(Node node, int i) {
    long w = node.block.code[i];
    boolean writes = ((int) w & 127) != Op.LOAD;
    int base = (int) (w >>> 18) & 63;
    long where = w >> 44; // the displacement's page
    if (base == frame.roles.pc()) {
      where = (node.distance + (w >> 32)) >> 12;
    }
    if (frame.roles.isScratch(base) || base == frame.roles.zero()) {
      // A register for a moment: what one instruction reads and writes is one place.
      where = (long) node.position << 32 | (node.block.offsets[i] & 0xffffL) << 6 | base;
      base = 64;
    }
    List<Page> pages = writes ? toWrite : toRead;
    return known.computeIfAbsent(
        new Key(writes, base, where),
        key -> {
          if (pages.size() == MOST_PAGES) {
            return pages.get(Math.floorMod(key.hashCode(), MOST_PAGES));
          }
          var page = new Page(c.allocateLocal(TypeKind.LONG), c.allocateLocal(TypeKind.LONG));
          pages.add(page);
          return page;
        });
  }

  /** Knows no page: at the begin, and when translations may have changed. */
  void forget() {
    for (Page page : toRead) {
      c.loadConstant(GuestMemory.NO_PAGE).lstore(page.tag);
    }
    for (Page page : toWrite) {
      c.loadConstant(GuestMemory.NO_PAGE).lstore(page.tag);
    }
  }

  /** Gives all variables a value. */
  void enter() {
    forget();
    for (Page page : toRead) {
      c.lconst_0().lstore(page.addend);
    }
    for (Page page : toWrite) {
      c.lconst_0().lstore(page.addend);
    }
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
    boolean store = ((int) w & 127) == Op.STORE;
    Page page = page(node, i);
    pushAddress(node, w);
    if ((w & Op.ADDRESS32) != 0) {
      frame.cut(32);
    }
    c.lstore(frame.address);
    Label other = c.newLabel();
    Label direct = c.newLabel();
    Label done = c.newLabel();
    pushTag(size);
    c.lload(page.tag).lcmp().ifne(other);
    c.labelBinding(direct);
    host.begin(c);
    c.lload(frame.address).lload(page.addend).ladd();
    if (store) {
      pushStored(node, w);
      host.write(c, size);
      c.labelBinding(done);
    } else {
      host.read(c, size);
      frame.destination(w);
      c.labelBinding(done);
    }
    int site = sites.add(node, i);
    slowPaths.add(() -> {
      c.labelBinding(other);
      otherPage(w, size, page, direct);
      slowPath(node, w, size, page, site, done);
    });
  }

  /** Pushes the page's address, and bits that are set if the access is not aligned. */
  private void pushTag(int size) {
    c.lload(frame.address).loadConstant(PAGE | (1 << size) - 1).land();
  }

  /** Goes on with another page if the TLB has it. */
  private void otherPage(long w, int size, Page page, Label direct) {
    String name = ((int) w & 127) == Op.LOAD ? "addendToRead" : "addendToWrite";
    Label missing = c.newLabel();
    frame.core().lload(frame.address);
    pushTag(size);
    c.invokevirtual(Frame.CORE, name, MethodTypeDesc.of(CD_long, CD_long, CD_long));
    c.dup2().lstore(page.addend).lconst_0().lcmp().ifeq(missing);
    pushTag(size);
    c.lstore(page.tag).goto_(direct);
    c.labelBinding(missing);
  }

  private void pushStored(Node node, long w) {
    frame.push(node, (int) (w >>> 12) & 63);
  }

  private void slowPath(Node node, long w, int size, Page page, int site, Label done) {
    c.loadConstant(site).istore(frame.site);
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
    frame.core().getfield(Frame.CORE, "pageTag", CD_long).lstore(page.tag);
    frame.core().getfield(Frame.CORE, "pageAddend", CD_long).lstore(page.addend);
    c.goto_(done);
  }

  /** What was put off: all that can raise a fault of the guest. */
  void emitSlowPaths() {
    slowPaths.forEach(Runnable::run);
  }

  boolean hasSlowPaths() {
    return !slowPaths.isEmpty();
  }
}
