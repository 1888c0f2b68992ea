// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A class loader that has the classes under test once more, with some calls left out or carried out
 * late: what breaks a rule of order exists here alone.
 */
final class Sabotage extends ClassLoader {
  private static final String OURS = "dev.strata.";

  /** What is done to a call. */
  enum Action {
    /** It is left out; a result is zero or null. */
    DROP,
    /** It is carried out when the method returns. */
    LATE,
    /** {@link LatePunch} takes it. */
    PUNCH_LATER,
    /** When the method returns, {@link LatePunch} does what it has taken. */
    PUNCH_NOW
  }

  /**
   * A change of one method.
   *
   * @param type the class without {@code dev.strata.}
   * @param method its name; {@code lambda$x} for those in the method x
   * @param call the name of the method that is called; empty if none is meant
   * @param occurrence which of the calls of that name, from 1 on
   */
  record Edit(String type, String method, Action action, String call, int occurrence) {
    boolean isIn(String name) {
      // The compiler numbers them, each in its own way.
      return method.startsWith("lambda$") ? name.startsWith(method + "$") : name.equals(method);
    }
  }

  private final List<Edit> edits;
  private final Set<Edit> applied = new HashSet<>();

  Sabotage(List<Edit> edits) {
    super(Sabotage.class.getClassLoader());
    this.edits = edits;
  }

  /** Loads all that is changed; the changes that found nothing to change. */
  List<Edit> missing() throws ClassNotFoundException {
    for (Edit edit : edits) {
      loadClass(OURS + edit.type);
    }
    var missing = new ArrayList<>(edits);
    missing.removeAll(applied);
    return missing;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      if (loaded != null) {
        return loaded;
      }
      if (!name.startsWith(OURS)) {
        return super.loadClass(name, resolve);
      }
      byte[] bytes = changed(name, bytes(name));
      return defineClass(name, bytes, 0, bytes.length);
    }
  }

  private byte[] bytes(String name) throws ClassNotFoundException {
    String path = name.replace('.', '/') + ".class";
    try (InputStream in = getParent().getResourceAsStream(path)) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }

  private byte[] changed(String name, byte[] original) {
    byte[] bytes = original;
    for (Edit edit : edits) {
      if (name.equals(OURS + edit.type)) {
        ClassFile file = ClassFile.of();
        ClassModel model = file.parse(bytes);
        // A transform of its own for each method: overloads count their calls anew.
        ClassTransform transform =
            (builder, element) -> {
              if (element instanceof MethodModel method
                  && edit.isIn(method.methodName().stringValue())
                  && method.code().isPresent()) {
                builder.transformMethod(
                    method, MethodTransform.transformingCode(new Change(edit, method, applied)));
              } else {
                builder.with(element);
              }
            };
        bytes = file.transformClass(model, transform);
      }
    }
    return bytes;
  }

  /** The change of a method's code. */
  private static final class Change implements CodeTransform {
    private static final ClassDesc LATE_PUNCH =
        ClassDesc.of(LatePunch.class.getPackageName(), LatePunch.class.getSimpleName());

    private final Edit edit;
    private final Set<Edit> applied;
    private final List<Integer> slots = new ArrayList<>();
    private final List<TypeKind> kinds = new ArrayList<>();
    private int flag;
    private int seen;
    private final @Nullable InvokeInstruction late;

    Change(Edit edit, MethodModel method, Set<Edit> applied) {
      this.edit = edit;
      this.applied = applied;
      this.late = edit.action == Action.LATE ? find(edit, method) : null;
    }

    private static @Nullable InvokeInstruction find(Edit edit, MethodModel method) {
      int seen = 0;
      for (CodeElement element : method.code().orElseThrow()) {
        if (element instanceof InvokeInstruction call
            && call.name().equalsString(edit.call)
            && ++seen == edit.occurrence) {
          return call;
        }
      }
      return null;
    }

    @Override
    public void atStart(CodeBuilder code) {
      if (late == null) {
        return;
      }
      flag = code.allocateLocal(TypeKind.INT);
      code.iconst_0().istore(flag);
      for (TypeKind operand : operands(late)) {
        int slot = code.allocateLocal(operand);
        slots.add(slot);
        kinds.add(operand);
        pushNothing(code, operand);
        code.storeLocal(operand, slot);
      }
    }

    @Override
    public void accept(CodeBuilder code, CodeElement element) {
      if (element instanceof ReturnInstruction) {
        atReturn(code);
      }
      if (element instanceof InvokeInstruction call
          && call.name().equalsString(edit.call)
          && ++seen == edit.occurrence) {
        applied.add(edit);
        take(code, call);
      } else {
        code.with(element);
      }
    }

    private void take(CodeBuilder code, InvokeInstruction call) {
      switch (edit.action) {
        case DROP -> drop(code, call);
        case LATE -> keep(code, call);
        case PUNCH_LATER ->
            code.invokestatic(
                LATE_PUNCH,
                "later",
                call.typeSymbol().insertParameterTypes(0, call.owner().asSymbol()));
        case PUNCH_NOW -> code.with(call);
      }
    }

    private static List<TypeKind> operands(InvokeInstruction call) {
      var operands = new ArrayList<TypeKind>();
      if (call.opcode() != Opcode.INVOKESTATIC) {
        operands.add(TypeKind.REFERENCE);
      }
      for (ClassDesc parameter : call.typeSymbol().parameterList()) {
        operands.add(TypeKind.from(parameter).asLoadable());
      }
      return operands;
    }

    private static void drop(CodeBuilder code, InvokeInstruction call) {
      for (TypeKind operand : operands(call).reversed()) {
        pop(code, operand);
      }
      pushNothing(code, result(call));
    }

    private static void pop(CodeBuilder code, TypeKind kind) {
      if (kind.slotSize() == 2) {
        code.pop2();
      } else if (kind.slotSize() == 1) {
        code.pop();
      }
    }

    private static TypeKind result(InvokeInstruction call) {
      return TypeKind.from(call.typeSymbol().returnType()).asLoadable();
    }

    private static void pushNothing(CodeBuilder code, TypeKind type) {
      switch (type) {
        case INT -> code.iconst_0();
        case LONG -> code.lconst_0();
        case FLOAT -> code.fconst_0();
        case DOUBLE -> code.dconst_0();
        case REFERENCE -> code.aconst_null();
        default -> {}
      }
    }

    /** Puts the operands aside. */
    private void keep(CodeBuilder code, InvokeInstruction call) {
      for (int i = kinds.size() - 1; i >= 0; i--) {
        code.storeLocal(kinds.get(i), slots.get(i));
      }
      code.iconst_1().istore(flag);
      pushNothing(code, result(call));
    }

    private void atReturn(CodeBuilder code) {
      if (edit.action == Action.PUNCH_NOW) {
        applied.add(edit);
        code.invokestatic(LATE_PUNCH, "now", MethodTypeDesc.ofDescriptor("()V"));
      } else if (late != null) {
        Label otherwise = code.newLabel();
        code.iload(flag).ifeq(otherwise);
        for (int i = 0; i < slots.size(); i++) {
          code.loadLocal(kinds.get(i), slots.get(i));
        }
        code.with(late);
        pop(code, result(late));
        code.labelBinding(otherwise);
      }
    }
  }
}
