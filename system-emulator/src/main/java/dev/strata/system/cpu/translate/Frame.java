// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import dev.strata.system.cpu.ir.Op;
import dev.strata.system.cpu.ir.PureFunction;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.Arrays;

/** The local variables of a region's method, and how they are reached. */
final class Frame {
  static final ClassDesc CORE = ClassDesc.of("dev.strata.system.cpu.interpret.Interpreter");
  static final ClassDesc REGION = ClassDesc.of("dev.strata.system.cpu.interpret.Region");
  static final ClassDesc SLOTS = CD_long.arrayType();

  /** What takes the state that is in no slot: Interpreter, where, a count. */
  private static final MethodTypeDesc LEFT = MethodTypeDesc.of(CD_void, CORE, CD_long, CD_long);

  private static final MethodTypeDesc AT =
      MethodTypeDesc.of(CD_void, CORE, CD_int, CD_long, CD_long);

  // The method's parameters, behind `this`.
  private static final int REGION_AT = 1;
  private static final int CORE_AT = 2;
  private static final int SLOTS_AT = 3;
  private static final int MOST_AT = 4;

  final CodeBuilder c;
  final SlotRoles roles;
  private final RegionShape shape;
  private final int[] slots = new int[64];
  final StateFlow flow;

  final int begun;
  final int site;

  /** What has changed at the site where a fault may come from, as {@link StateFlow} has it. */
  private final int changed;

  final int form;
  final int first;
  final int second;
  final int third;
  final int address;
  final int value;

  /** The TLB's entries, and the place of the one that is asked. */
  final int tlb;

  final int place;

  /** Of {@link HostAccess}. */
  final int host;

  /** The halves of vectors, if one is reached. */
  final int vectors;

  private final int generation;
  private final int pc;
  private final int before;
  final int leavesTo;

  Frame(CodeBuilder c, RegionShape shape) {
    this.c = c;
    this.shape = shape;
    this.roles = shape.roles();
    long used = shape.used();
    flow = new StateFlow(shape);
    begun = c.allocateLocal(TypeKind.INT);
    pc = c.allocateLocal(TypeKind.LONG);
    address = c.allocateLocal(TypeKind.LONG);
    value = c.allocateLocal(TypeKind.LONG);
    tlb = c.allocateLocal(TypeKind.REFERENCE);
    place = c.allocateLocal(TypeKind.LONG);
    host = c.allocateLocal(TypeKind.REFERENCE);
    vectors = c.allocateLocal(TypeKind.REFERENCE);
    form = c.allocateLocal(TypeKind.INT);
    first = c.allocateLocal(TypeKind.LONG);
    second = c.allocateLocal(TypeKind.LONG);
    third = c.allocateLocal(TypeKind.LONG);
    Arrays.fill(slots, -1);
    for (int i = 0; i < 64; i++) {
      if ((used >>> i & 1) != 0) {
        slots[i] = c.allocateLocal(TypeKind.LONG);
      }
    }
    site = c.allocateLocal(TypeKind.INT);
    changed = c.allocateLocal(TypeKind.LONG);
    generation = c.allocateLocal(TypeKind.INT);
    before = c.allocateLocal(TypeKind.LONG);
    leavesTo = c.allocateLocal(TypeKind.LONG);
  }

  /** Is called so that the JIT takes notice. */
  void returnIfOnlyWarmed() {
    Label really = c.newLabel();
    c.iload(MOST_AT).ifge(really);
    c.return_();
    c.labelBinding(really);
  }

  /** Takes the state over. */
  void enter() {
    atSite(0, 0);
    core().getfield(CORE, "generation", CD_int).istore(generation);
    pushPcSlot();
    c.lstore(pc);
    if (shape.reachesHalves()) {
      core().getfield(CORE, "vectors", SLOTS).dup().astore(vectors);
      c.arraylength().pop(); // as of the TLB
    }
    for (int i = 0; i < 64; i++) {
      if (slots[i] >= 0 && roles.isScratch(i)) {
        c.lconst_0().lstore(slots[i]);
      }
    }
    enterAt(shape.entry());
  }

  /**
   * Takes over what is read from a node on, at the beginning or after a call of what is outside.
   */
  void enterAt(Node node) {
    c.iconst_0().istore(begun);
    core().getfield(CORE, "instructions", CD_long).lstore(before);
    reload(flow.read(node, 0));
  }

  /** Leaves 0 unless a call of what is outside has returned to a node; else it may go on. */
  void pushCallsOut(Node target) {
    core();
    region();
    pc(target.distance);
    c.iload(generation);
    c.invokevirtual(CORE, "callOut", MethodTypeDesc.of(CD_int, REGION, CD_long, CD_int));
    c.dup().istore(MOST_AT);
  }

  /** Reads slots and flags from where calls leave them; nothing else is read from here on. */
  void reload(long read) {
    reloadTlb();
    reloadSlots(read);
    if ((read & flow.flags) != 0) {
      reloadFlags();
    } else {
      c.iconst_0().istore(form);
      c.lconst_0().lstore(first).lconst_0().lstore(second).lconst_0().lstore(third);
    }
    for (int i = 0; i < 64; i++) {
      if (slots[i] >= 0 && (read >>> i & 1) == 0 && !roles.isScratch(i)) {
        c.lconst_0().lstore(slots[i]); // so that the JIT does not carry along what was there
      }
    }
  }

  private void reloadTlb() {
    core().getfield(CORE, "tlbEntries", SLOTS).dup().astore(tlb);
    c.arraylength().pop(); // The JIT knows from now on that it is not null.
  }

  /** Reads some slots. */
  void reloadSlots(long some) {
    for (int i = 0; i < 64; i++) {
      if ((some >>> i & 1) != 0 && slots[i] >= 0 && !roles.isScratch(i)) {
        c.aload(SLOTS_AT).loadConstant(i).laload().lstore(slots[i]);
      }
    }
  }

  /** Reads the flags. */
  void reloadFlags() {
    core().invokevirtual(CORE, "form", MethodTypeDesc.of(CD_int)).istore(form);
    core().invokevirtual(CORE, "first", MethodTypeDesc.of(CD_long)).lstore(first);
    core().invokevirtual(CORE, "second", MethodTypeDesc.of(CD_long)).lstore(second);
    core().invokevirtual(CORE, "third", MethodTypeDesc.of(CD_long)).lstore(third);
  }

  private void storeFlags() {
    core().iload(form).lload(first).lload(second).lload(third);
    c.invokevirtual(CORE, "form", MethodTypeDesc.of(CD_void, CD_int, CD_long, CD_long, CD_long));
  }

  /** Writes back what has changed. */
  void store(long some) {
    for (int i = 0; i < 64; i++) {
      if ((some & ~flow.flags) >>> i << 63 != 0) {
        c.aload(SLOTS_AT).loadConstant(i).lload(slots[i]).lastore();
      }
    }
    if ((some & flow.flags) != 0) {
      storeFlags();
    }
  }

  /** Notes where a fault may come from, and what has changed by then. */
  void atSite(int number, long hasChanged) {
    c.loadConstant(number).istore(site);
    c.loadConstant(hasChanged).lstore(changed);
  }

  /**
   * Writes back what {@link #atSite} has been told of, and tells the interpreter the state.
   *
   * @param any all that it may have been told of
   */
  void tellAtSite(long any) {
    for (long left = any; left != 0; left &= left - 1) {
      long bit = Long.lowestOneBit(left);
      Label same = c.newLabel();
      c.lload(changed).loadConstant(bit).land().lconst_0().lcmp().ifeq(same);
      store(bit);
      c.labelBinding(same);
    }
    tellAt(() -> c.iload(site));
  }

  CodeBuilder core() {
    return c.aload(CORE_AT);
  }

  CodeBuilder region() {
    return c.aload(REGION_AT);
  }

  private void pushInstructions() {
    c.lload(before).iload(begun).i2l().ladd();
  }

  /** Tells the interpreter where it is: at a site. */
  void tellAt(Runnable pushSite) {
    region();
    core();
    pushSite.run();
    c.lload(pc);
    pushInstructions();
    c.invokevirtual(REGION, "at", AT);
  }

  /** Tells it that the region has been left for what {@link #leavesTo} holds. */
  void tellLeft() {
    region();
    core();
    c.lload(leavesTo);
    pushInstructions();
    c.invokevirtual(REGION, "left", LEFT);
  }

  /** Leaves 0 if nothing has changed translations since the region began. */
  void pushChanged() {
    core().getfield(CORE, "generation", CD_int).iload(generation).isub();
  }

  /** Whether to go on at a branch backwards. */
  void pushGoesOn() {
    core().iload(begun).iload(MOST_AT);
    c.invokevirtual(CORE, "goesOn", MethodTypeDesc.of(CD_boolean, CD_int, CD_int));
  }

  /** Whether a node can be reached without a walk of page tables. */
  void pushLeadsTo(Node node) {
    region();
    core();
    c.loadConstant(node.position);
    pc(node.distance);
    c.invokevirtual(REGION, "leadsTo", MethodTypeDesc.of(CD_boolean, CORE, CD_int, CD_long));
  }

  /** Pushes the pc at a distance from the entry's. */
  void pc(long distance) {
    c.lload(pc);
    if (distance != 0) {
      c.loadConstant(distance).ladd();
    }
  }

  /** Pushes the pc slot itself, which a call may have set. */
  void pushPcSlot() {
    c.aload(SLOTS_AT).loadConstant(roles.pc()).laload();
  }

  /** Pushes a slot as an operation of {@code node} sees it. */
  void push(Node node, int slot) {
    if (slot == roles.pc()) {
      pc(node.distance);
    } else if (slot == roles.zero()) {
      c.lconst_0();
    } else {
      c.lload(slots[slot]);
    }
  }

  /** Pushes operand x. */
  void x(Node node, long w) {
    push(node, (int) (w >>> 18) & 63);
  }

  /** Pushes operand y. */
  void y(Node node, long w) {
    if ((w & Op.IMMEDIATE) != 0) {
      c.loadConstant(w >> 32);
    } else {
      push(node, (int) (w >>> 24) & 63);
    }
  }

  /** Stores what is on the stack in the destination. */
  void destination(long w) {
    c.lstore(slots[(int) (w >>> 12) & 63]);
  }

  /** Leaves what an operation's function gives of the two numbers on the stack. */
  void function(long w) {
    PureFunction function = roles.functions().get(Op.function(w));
    ClassDesc owner = ClassDesc.of(function.owner().getName());
    c.invokestatic(owner, function.name(), MethodTypeDesc.of(CD_long, CD_long, CD_long));
  }

  static int shift(long w) {
    return 64 - (8 << ((int) (w >>> 7) & 3));
  }

  /** Zero-extends what is on the stack. */
  void cut(int shift) {
    if (shift != 0) {
      c.loadConstant(-1L >>> shift).land();
    }
  }

  /** Sign-extends or cuts it. */
  void widen(int shift, boolean signed) {
    if (signed) {
      extend(shift);
    } else {
      cut(shift);
    }
  }

  /** Sign-extends it. */
  void extend(int shift) {
    switch (shift) {
      case 0 -> {}
      case 32 -> c.l2i().i2l();
      case 48 -> c.l2i().i2s().i2l();
      default -> c.l2i().i2b().i2l();
    }
  }

  /** How a node's state begins: what is counted. */
  void count(Node node) {
    c.iinc(begun, node.block.instructions);
  }

  RegionShape shape() {
    return shape;
  }
}
