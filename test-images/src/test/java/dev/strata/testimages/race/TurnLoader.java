// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * A class loader that has the classes under test once more, with {@link Turns} in place of Java's
 * locks. Classes that take turns themselves are those of its parent.
 */
final class TurnLoader extends ClassLoader {
  private static final String OURS = "dev.strata.";
  private static final List<String> SHARED =
      List.of(Turns.class.getName(), Coroutine.class.getName(), Choice.class.getName());

  /**
   * What can be left out to see whether it is missed: the locks of a class, or a method, whose
   * result is false then if it has one.
   */
  static final List<String> BREAKABLE =
      List.of(
          "dev.strata.block.RequestRanges.mustWait",
          "dev.strata.block.graph.RequestGate.shut",
          "dev.strata.formats.qcow2.GuestWrites",
          "dev.strata.formats.qcow2.ClusterErasure",
          "dev.strata.formats.qcow2.Qcow2Image",
          "dev.strata.formats.parallels.DataArea",
          "dev.strata.formats.qcow2.Qcow2Image.flush");

  /** The tests themselves need no turns of their own. */
  private static final String TESTS = "dev.strata.testimages.";

  private static final ClassDesc TURNS =
      ClassDesc.of(Turns.class.getPackageName(), Turns.class.getSimpleName());
  private static final ClassDesc LOCK = ClassDesc.of("java.util.concurrent.locks", "ReentrantLock");
  private static final MethodTypeDesc OF_LOCK =
      MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_Object);
  private static final String HELD = "$held";

  private final Set<String> without;

  TurnLoader() {
    this(Set.of());
  }

  /**
   * A loader for code in which something is missing.
   *
   * @param without of {@link #BREAKABLE}
   */
  TurnLoader(Set<String> without) {
    super(TurnLoader.class.getClassLoader());
    this.without = without;
  }

  /** What that class does with words, done by the classes of this loader. */
  @SuppressWarnings("unchecked")
  Function<String[], String> function(Class<? extends Function<String[], String>> type)
      throws ReflectiveOperationException {
    return (Function<String[], String>) loadClass(type.getName()).getConstructor().newInstance();
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      if (loaded != null) {
        return loaded;
      }
      if (!name.startsWith(OURS) || isShared(name)) {
        return super.loadClass(name, resolve);
      }
      byte[] bytes = bytes(name);
      if (!name.startsWith(TESTS)) {
        ClassFile file = ClassFile.of();
        bytes =
            file.transformClass(
                file.parse(bytes), ClassTransform.ofStateful(() -> new Change(name, without)));
      }
      return defineClass(name, bytes, 0, bytes.length);
    }
  }

  private static boolean isShared(String name) {
    for (String shared : SHARED) {
      if (name.equals(shared) || name.startsWith(shared + "$")) {
        return true;
      }
    }
    return false;
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

  private static final class Change implements ClassTransform {
    private final String name;
    private final Set<String> without;

    Change(String name, Set<String> without) {
      this.name = name;
      this.without = without;
    }

    @Override
    public void accept(ClassBuilder type, ClassElement element) {
      if (!(element instanceof MethodModel method) || method.code().isEmpty()) {
        type.with(element);
      } else if (without.contains(name + "." + method.methodName())) {
        type.withMethodBody(
            method.methodName(),
            method.methodType(),
            method.flags().flagsMask(),
            code -> {
              if (method.methodTypeSymbol().returnType().equals(ConstantDescs.CD_boolean)) {
                code.iconst_0().ireturn();
              } else {
                code.return_();
              }
            });
      } else if (without.contains(name)) {
        type.withMethod(
            method.methodName(),
            method.methodType(),
            method.flags().flagsMask() & ~ClassFile.ACC_SYNCHRONIZED,
            body -> body.transformCode(method.code().orElseThrow(), Change::unlock));
      } else if ((method.flags().flagsMask() & ClassFile.ACC_SYNCHRONIZED) != 0) {
        split(type, method);
      } else {
        type.transformMethod(method, MethodTransform.transformingCode(Change::change));
      }
    }

    private static void change(CodeBuilder code, CodeElement element) {
      if (element instanceof MonitorInstruction monitor) {
        boolean enters = monitor.opcode() == Opcode.MONITORENTER;
        code.invokestatic(TURNS, enters ? "enter" : "exit", OF_LOCK);
      } else if (element instanceof InvokeInstruction call && takesTurns(call)) {
        boolean ofObject = call.owner().asSymbol().equals(ConstantDescs.CD_Object);
        String name = call.name().stringValue();
        code.invokestatic(
            TURNS,
            name.equals("wait") ? "await" : name.equals("notifyAll") ? "wakeAll" : name,
            call.typeSymbol().insertParameterTypes(0, ofObject ? ConstantDescs.CD_Object : LOCK));
      } else {
        code.with(element);
      }
    }

    /** Locks are no hindrance: there is one thread, which has them all at once. */
    private static void unlock(CodeBuilder code, CodeElement element) {
      if (element instanceof MonitorInstruction) {
        code.pop();
      } else {
        code.with(element);
      }
    }

    private static boolean takesTurns(InvokeInstruction call) {
      String name = call.name().stringValue();
      if (call.owner().asSymbol().equals(LOCK)) {
        return name.equals("lock") || name.equals("unlock");
      }
      boolean waits = name.equals("wait") && call.typeSymbol().parameterCount() == 0;
      return call.owner().asSymbol().equals(ConstantDescs.CD_Object)
          && (waits || name.equals("notifyAll"));
    }

    /** A synchronized method becomes two: one that takes the lock, and the work. */
    private static void split(ClassBuilder type, MethodModel method) {
      if ((method.flags().flagsMask() & ClassFile.ACC_STATIC) != 0) {
        throw new UnsupportedOperationException("static synchronized " + method.methodName());
      }
      int flags = method.flags().flagsMask() & ~ClassFile.ACC_SYNCHRONIZED;
      String name = method.methodName().stringValue();
      MethodTypeDesc types = method.methodTypeSymbol();
      CodeModel work = method.code().orElseThrow();
      type.withMethod(
          name + HELD,
          types,
          ClassFile.ACC_PRIVATE,
          held -> held.transformCode(work, Change::change));
      ClassDesc owner = method.parent().orElseThrow().thisClass().asSymbol();
      TypeKind result = TypeKind.from(types.returnType());
      type.withMethodBody(
          name,
          types,
          flags,
          code -> {
            code.aload(0).invokestatic(TURNS, "enter", OF_LOCK);
            code.trying(
                inside -> {
                  inside.aload(0);
                  for (int i = 0; i < types.parameterCount(); i++) {
                    inside.loadLocal(TypeKind.from(types.parameterType(i)), code.parameterSlot(i));
                  }
                  inside.invokevirtual(owner, name + HELD, types);
                  inside.aload(0).invokestatic(TURNS, "exit", OF_LOCK);
                  inside.return_(result);
                },
                failing ->
                    failing.catchingAll(handler -> {
                      handler.aload(0).invokestatic(TURNS, "exit", OF_LOCK);
                      handler.athrow();
                    }));
          });
    }
  }
}
