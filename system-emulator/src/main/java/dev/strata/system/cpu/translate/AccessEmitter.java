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
import java.util.Objects;

/**
 * Loads and stores: through the TLB, and where that has not got the page, by the interpreter. What
 * crosses a page is never found there. Accesses of a group ask it once.
 */
final class AccessEmitter {
  private static final long PAGE = ~0xfffL;
  private static final MethodTypeDesc FOUND = MethodTypeDesc.of(CD_long, CD_long, CD_int, CD_int);

  private final Frame frame;
  private final CodeBuilder c;
  private final Sites sites;
  private final HostAccess host;
  private final List<Runnable> slowPaths = new ArrayList<>();
  private long changedAtSites;

  // Of the node that is emitted; where a group begins in the host's memory, 0 if that is not known.
  private AccessGroups groups;
  private final Map<AccessGroups.Group, Integer> open = new HashMap<>();
  private final List<Integer> found = new ArrayList<>();

  AccessEmitter(Frame frame, Sites sites, HostAccess host) {
    this.frame = frame;
    this.host = host;
    this.c = frame.c;
    this.sites = sites;
    groups = AccessGroups.NONE;
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

  /** A node begins. */
  void begin(Node node) {
    groups = AccessGroups.of(node.block.code, frame.roles);
    open.clear();
  }

  void access(Node node, int i) {
    AccessGroups.Group group = groups.of(i);
    if (group == null) {
      accessAlone(node, i);
    } else if (group.first == i) {
      accessFirst(node, i, group);
    } else {
      accessInGroup(node, i, group, Objects.requireNonNull(open.get(group)));
    }
  }

  /** Leaves the address in {@link Frame#address}. */
  private void address(Node node, long w) {
    pushAddress(node, w);
    if ((w & Op.ADDRESS32) != 0) {
      frame.cut(32);
    }
    c.lstore(frame.address);
  }

  /** Goes to {@code misses} unless the TLB has the page of bytes from {@link Frame#address} on. */
  private void find(int tag, long bytes, Label misses) {
    c.lload(frame.address);
    host.place(c);
    c.lstore(frame.place);
    host.element(c, frame.host, frame.tlb, frame.place, tag);
    c.lload(frame.address);
    if (bytes != 1) {
      c.loadConstant(bytes - 1).ladd();
    }
    c.loadConstant(PAGE).land().lcmp().ifne(misses);
  }

  /** Pushes the host's address of {@link Frame#address}, which {@link #find} has found. */
  private void pushFound() {
    host.element(c, frame.host, frame.tlb, frame.place, GuestMemory.TLB_ADDEND);
    c.lload(frame.address).ladd();
  }

  /** Loads from or stores to an address of the host's. */
  private void move(Node node, long w, Runnable pushAddress) {
    if (((int) w & 127) == Op.PROBE) {
      return;
    }
    host.begin(c, frame.host);
    pushAddress.run();
    int size = size(w);
    if (((int) w & 127) == Op.STORE) {
      pushStored(node, w);
      host.write(c, size);
    } else {
      host.read(c, size);
      frame.destination(w);
    }
  }

  private void accessAlone(Node node, int i) {
    long w = node.block.code[i];
    address(node, w);
    Label misses = c.newLabel();
    boolean reads = ((int) w & 127) == Op.LOAD;
    find(reads ? GuestMemory.TLB_READ : GuestMemory.TLB_WRITE, 1L << size(w), misses);
    move(node, w, this::pushFound);
    elsewhere(node, i, misses, () -> slowPath(node, w, "slow"));
  }

  /** Finds the page for a group; a local variable keeps where in the host's memory that begins. */
  private void accessFirst(Node node, int i, AccessGroups.Group group) {
    long w = node.block.code[i];
    int found = foundLocal(open.size());
    open.put(group, found);
    pushAddress(node, w);
    int offset = groups.offset(group, i);
    if (offset != 0) {
      c.loadConstant((long) -offset).ladd();
    }
    if ((w & Op.ADDRESS32) != 0) {
      frame.cut(32);
    }
    c.lstore(frame.address);
    Label misses = c.newLabel();
    int tag = group.writes ? GuestMemory.TLB_WRITE : GuestMemory.TLB_READ;
    find(tag, group.bytes(), misses);
    pushFound();
    c.lstore(found);
    move(node, w, () -> pushInGroup(found, offset));
    elsewhere(
        node,
        i,
        misses,
        () -> {
          c.lload(frame.address).lstore(found);
          address(node, w);
          slowPath(node, w, "");
          // The others need not go this way, too.
          frame.core().lload(found).loadConstant(group.bytes()).loadConstant(tag);
          c.invokevirtual(Frame.CORE, "found", FOUND).lstore(found);
        });
  }

  private void pushInGroup(int found, int offset) {
    c.lload(found);
    if (offset != 0) {
      c.loadConstant((long) offset).ladd();
    }
  }

  private void accessInGroup(Node node, int i, AccessGroups.Group group, int found) {
    long w = node.block.code[i];
    Label misses = c.newLabel();
    c.lload(found).lconst_0().lcmp().ifeq(misses);
    move(node, w, () -> pushInGroup(found, groups.offset(group, i)));
    elsewhere(
        node,
        i,
        misses,
        () -> {
          address(node, w);
          slowPath(node, w, "");
        });
  }

  /** The local variable for a node's group of that number. */
  private int foundLocal(int number) {
    if (number == found.size()) {
      found.add(c.allocateLocal(TypeKind.LONG));
    }
    return found.get(number);
  }

  /** Puts off what is done where the TLB has not got the page. */
  private void elsewhere(Node node, int i, Label misses, Runnable slowPath) {
    Label done = c.newBoundLabel();
    int site = sites.add(node, i);
    long changed = frame.flow.changed(node, i);
    changedAtSites |= changed;
    boolean stores = ((int) node.block.code[i] & 127) == Op.STORE;
    List<Integer> stale = stores ? foundToRead() : List.of();
    slowPaths.add(() -> {
      c.labelBinding(misses);
      frame.atSite(site, changed);
      slowPath.run();
      stale.forEach(found -> c.lconst_0().lstore(found));
      c.goto_(done);
    });
  }

  /** What a store to a device may make lead elsewhere; who writes has not found any such page. */
  private List<Integer> foundToRead() {
    var all = new ArrayList<Integer>();
    open.forEach((group, found) -> {
      if (!group.writes) {
        all.add(found);
      }
    });
    return all;
  }

  private static int size(long w) {
    return Op.width(w);
  }

  private void pushStored(Node node, long w) {
    frame.push(node, (int) (w >>> 12) & 63);
  }

  /**
   * Calls the interpreter's method for an access to {@link Frame#address}.
   *
   * @param how "slow", or nothing if the page may be in the TLB all the same
   */
  private void slowPath(Node node, long w, String how) {
    frame.core().lload(frame.address).loadConstant(size(w));
    String name =
        switch ((int) w & 127) {
          case Op.STORE -> "store";
          case Op.LOAD -> "load";
          case Op.PROBE -> "probe";
          default -> "loadToWrite";
        };
    if (!how.isEmpty()) {
      name = how + Character.toUpperCase(name.charAt(0)) + name.substring(1);
    }
    if (((int) w & 127) == Op.STORE) {
      pushStored(node, w);
      c.invokevirtual(Frame.CORE, name, MethodTypeDesc.of(CD_void, CD_long, CD_int, CD_long));
    } else if (((int) w & 127) == Op.PROBE) {
      c.invokevirtual(Frame.CORE, name, MethodTypeDesc.of(CD_void, CD_long, CD_int));
    } else {
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
