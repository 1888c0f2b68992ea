// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import dev.strata.system.cpu.ir.Op;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes the class file of a region: the guest's branches are jumps, its slots are local variables.
 *
 * <pre>
 * take over the state; the nodes; what they seldom do; leaving; slow paths; their fault handler
 * </pre>
 */
final class RegionEmitter {
  private static final ClassDesc CODE = ClassDesc.of("dev.strata.system.cpu.interpret.RegionCode");
  private static final ClassDesc FAULT = ClassDesc.of("dev.strata.system.cpu.GuestFault");
  private static final ClassDesc NAME =
      ClassDesc.of("dev.strata.system.cpu.translate.TranslatedRegion");

  private final RegionShape shape;
  private final CodeBuilder c;
  private final Frame frame;
  private final FlagEmitter flags;
  private final AccessEmitter accesses;
  private final OperationEmitter operations;
  private final Sites sites;
  private final Label[] labels;
  private final FlagKnowledge[] known;
  private final ArrayDeque<Runnable> putOff = new ArrayDeque<>();
  private final Exits exits;
  private final Label handler;

  /** What has changed at some site whose faults come to the handler. */
  private long changedAtFaults;

  private boolean faults;

  private RegionEmitter(CodeBuilder c, RegionShape shape, Sites sites, HostAccess access) {
    this.shape = shape;
    this.c = c;
    this.sites = sites;
    frame = new Frame(c, shape);
    flags = new FlagEmitter(frame);
    accesses = new AccessEmitter(frame, sites, access);
    operations = new OperationEmitter(frame, flags, accesses, access);
    known = knowledge(shape);
    labels = new Label[shape.nodes().size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = c.newLabel();
    }
    handler = c.newLabel();
    exits = new Exits(frame);
  }

  /** The class file; says which sites it has. */
  static byte[] emit(RegionShape shape, Sites sites, HostAccess access) {
    return ClassFile.of()
        .build(
            NAME,
            b ->
                b.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER)
                    .withSuperclass(CODE)
                    .withMethodBody(
                        ConstantDescs.INIT_NAME,
                        ConstantDescs.MTD_void,
                        0,
                        c ->
                            c.aload(0)
                                .invokespecial(
                                    CODE, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                                .return_())
                    .withMethodBody(
                        "run",
                        MethodTypeDesc.of(CD_void, Frame.REGION, Frame.CORE, Frame.SLOTS, CD_int),
                        ClassFile.ACC_PUBLIC | ClassFile.ACC_FINAL,
                        c -> {
                          // A method that turns out too long is built twice.
                          sites.clear();
                          new RegionEmitter(c, shape, sites, access).region(access);
                        }));
  }

  /** Bytes of the code that runs a region. */
  static int length(byte[] classFile) {
    return ClassFile.of().parse(classFile).methods().stream()
        .flatMap(m -> m.findAttribute(Attributes.code()).stream())
        .mapToInt(CodeAttribute::codeLength)
        .max()
        .orElseThrow();
  }

  /** What is known of the flags where each node begins: the same on all ways to it. */
  private static FlagKnowledge[] knowledge(RegionShape shape) {
    List<Node> nodes = shape.nodes();
    var result = new @Nullable FlagKnowledge[nodes.size()];
    result[0] = FlagKnowledge.NONE;
    // Knowledge only shrinks, twice at most a node.
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Node node : nodes) {
        FlagKnowledge now = result[node.position];
        long[] code = node.block.code;
        for (int i = 0; i < code.length && now != null; i++) {
          Node target = node.targets[i];
          if (target != null) {
            FlagKnowledge before = result[target.position];
            FlagKnowledge comes = node.callsOut ? FlagKnowledge.NONE : now;
            FlagKnowledge after = before == null ? comes : before.meet(comes);
            if (!after.equals(before)) {
              result[target.position] = after;
              changed = true;
            }
          }
          now = now.after(code[i]);
        }
      }
    }
    var complete = new FlagKnowledge[nodes.size()];
    for (int i = 0; i < complete.length; i++) {
      FlagKnowledge at = result[i];
      complete[i] = at == null ? FlagKnowledge.NONE : at;
    }
    return complete;
  }

  private void region(HostAccess access) {
    frame.returnIfOnlyWarmed();
    frame.enter();
    access.enter(c, frame.host);
    c.lconst_0().lstore(frame.address).lconst_0().lstore(frame.value);
    c.lconst_0().lstore(frame.place);
    for (Node node : shape.nodes()) {
      c.labelBinding(labels[node.position]);
      flags.known = known[node.position];
      node(node);
    }
    while (!putOff.isEmpty()) {
      putOff.remove().run();
    }
    exits.emit();
    if (accesses.hasSlowPaths()) {
      faults = true;
      Label from = c.newBoundLabel();
      accesses.emitSlowPaths();
      c.exceptionCatch(from, c.newBoundLabel(), handler, FAULT);
    }
    if (faults) {
      c.labelBinding(handler);
      frame.tellAtSite(changedAtFaults | accesses.changedAtSites());
      c.athrow();
    }
  }

  private void node(Node node) {
    frame.count(node);
    accesses.begin(node);
    long[] code = node.block.code;
    boolean called = false;
    for (int i = 0; i < code.length; i++) {
      long w = code[i];
      switch ((int) w & 127) {
        case Op.BRANCH -> flags.branch((int) (w >>> 18) & 63, edge(node, i, called));
        case Op.BRANCH_IF -> {
          frame.x(node, w);
          c.lconst_0().lcmp().ifne(edge(node, i, called));
        }
        case Op.JUMP -> jump(node, i, called);
        case Op.JUMP_TO -> jumpTo(node, i, called);
        case Op.LOAD, Op.LOAD_TO_WRITE, Op.STORE, Op.PROBE -> accesses.access(node, i);
        case Op.CALL -> {
          CallEffects effects = frame.flow.effects(w);
          if (effects.more()) {
            call(node, i, false);
            called = true;
          } else {
            knownCall(node, i, effects);
          }
        }
        case Op.CALL_AND_LEAVE -> call(node, i, true);
        case Op.CALL_IF -> callIf(node, i);
        case Op.LEAVE_IF -> {
          frame.x(node, w);
          c.lconst_0().lcmp();
          Label stays = c.newLabel();
          c.ifeq(stays);
          frame.pushPcSlot();
          leave(changed(node, i));
          c.labelBinding(stays);
        }
        default -> operations.operation(node, w);
      }
    }
  }

  // --- branches ---

  private long changed(Node node, int i) {
    return frame.flow.changed(node, i);
  }

  /** Leaves for the pc on the stack. */
  private void leave(long changed) {
    c.lstore(frame.leavesTo).goto_(exits.after(changed));
  }

  /** The pc that a branch leads to. */
  private void pushTarget(Node node, long w) {
    frame.pc(node.distance + (w >> 32));
    frame.cut(Frame.shift(w));
  }

  /** Where to go for a branch: to the node itself if nothing is to be looked at on the way. */
  private Label edge(Node node, int i, boolean called) {
    Node target = node.targets[i];
    if (target != null && !isChecked(node, target, called)) {
      return labels[target.position];
    }
    Label label = c.newLabel();
    putOff.add(() -> {
      c.labelBinding(label);
      if (target == null) {
        pushTarget(node, node.block.code[i]);
        leave(changed(node, i));
      } else {
        check(node, target, called, changed(node, i));
        c.goto_(labels[target.position]);
      }
    });
    return label;
  }

  private boolean isChecked(Node node, Node target, boolean called) {
    return called || target.position <= node.position || shape.isGuarded(node, target);
  }

  /** Leaves to the target unless it may be gone to. */
  private void check(Node node, Node target, boolean called, long changed) {
    Label fails = c.newLabel();
    if (called) {
      frame.pushChanged();
      c.ifne(fails);
    }
    if (target.position <= node.position) {
      frame.pushGoesOn();
      c.ifeq(fails);
    }
    if (shape.isGuarded(node, target)) {
      frame.pushLeadsTo(target);
      c.ifeq(fails);
    }
    putOff.add(() -> {
      c.labelBinding(fails);
      frame.pc(target.distance);
      leave(changed);
    });
  }

  private void jump(Node node, int i, boolean called) {
    Node target = node.targets[i];
    if (target == null) {
      pushTarget(node, node.block.code[i]);
      leave(changed(node, i));
      return;
    }
    if (node.callsOut) {
      pushTarget(node, node.block.code[i]);
      callOut(node, i, target);
    } else {
      goTo(node, i, target, called);
    }
  }

  private void goTo(Node node, int i, Node target, boolean called) {
    if (isChecked(node, target, called)) {
      check(node, target, called, changed(node, i));
    }
    if (target.position != node.position + 1) {
      c.goto_(labels[target.position]);
    }
  }

  private void jumpTo(Node node, int i, boolean called) {
    long w = node.block.code[i];
    Node target = node.targets[i];
    frame.x(node, w);
    frame.cut(Frame.shift(w));
    if (target == null) {
      leave(changed(node, i));
      return;
    }
    if (node.callsOut) {
      callOut(node, i, target);
      return;
    }
    c.dup2().lstore(frame.leavesTo);
    frame.pc(target.distance);
    c.lcmp().ifne(exits.after(changed(node, i)));
    goTo(node, i, target, called);
  }

  /** Calls what is at the pc on the stack, and goes on where that returns to, if it does. */
  private void callOut(Node node, int i, Node target) {
    c.lstore(frame.leavesTo);
    frame.store(changed(node, i));
    frame.tellLeft();
    Label back = c.newLabel();
    frame.pushCallsOut(target);
    c.ifne(back);
    c.return_();
    c.labelBinding(back);
    frame.enterAt(target);
    if (shape.isGuarded(node, target)) {
      check(node, target, false, 0);
    }
    c.goto_(labels[target.position]);
  }

  // --- calls ---

  private void call(Node node, int i, boolean leaves) {
    long w = node.block.code[i];
    int site = sites.add(node, i);
    frame.store(changed(node, i));
    frame.tellAt(() -> c.loadConstant(site));
    invoke(node, w, (int) (w >>> 48));
    if (leaves) {
      c.pop2().return_();
      return;
    }
    c.lstore(frame.value);
    frame.reload(frame.flow.read(node, i + 1));
    flags.known = FlagKnowledge.NONE;
    c.lload(frame.value);
    frame.destination(w);
  }

  private void invoke(Node node, long w, int extra) {
    frame.core().loadConstant((int) (w >>> 32) & 0xffff);
    frame.x(node, w);
    frame.push(node, (int) (w >>> 24) & 63);
    c.loadConstant(extra);
    c.invokevirtual(
        Frame.CORE, "call", MethodTypeDesc.of(CD_long, CD_int, CD_long, CD_long, CD_int));
  }

  private void invokeAtSite(Node node, long w, int extra) {
    Label from = c.newBoundLabel();
    invoke(node, w, extra);
    c.exceptionCatch(from, c.newBoundLabel(), handler, FAULT);
    faults = true;
  }

  /** Calls, out of the way, what does nothing but compute or fault. */
  private void callIf(Node node, int i) {
    long w = node.block.code[i];
    long changed = changed(node, i);
    int site = sites.add(node, i);
    changedAtFaults |= changed;
    frame.push(node, Op.condition(w));
    Label calls = c.newLabel();
    c.lconst_0().lcmp().ifne(calls);
    Label goesOn = c.newBoundLabel();
    putOff.add(() -> {
      c.labelBinding(calls);
      frame.atSite(site, changed);
      invokeAtSite(node, w, 0);
      frame.destination(w);
      c.goto_(goesOn);
    });
  }

  /** A call that is known well: its faults find the state in the local variables. */
  private void knownCall(Node node, int i, CallEffects effects) {
    long w = node.block.code[i];
    long flagBits = effects.flags() ? frame.flow.flags : 0;
    long changed = changed(node, i);
    long read = frame.flow.read(node, i + 1);
    frame.store(changed & (effects.reads() | effects.writes() | flagBits));
    frame.atSite(sites.add(node, i), changed);
    changedAtFaults |= changed;
    invokeAtSite(node, w, (int) (w >>> 48));
    if (effects.writes() != 0 || effects.flags()) {
      c.lstore(frame.value);
      frame.reloadSlots(effects.writes() & read);
      if (effects.flags()) {
        flags.known = FlagKnowledge.NONE;
      }
      if ((flagBits & read) != 0) {
        frame.reloadFlags();
      }
      c.lload(frame.value);
    }
    frame.destination(w);
  }
}
