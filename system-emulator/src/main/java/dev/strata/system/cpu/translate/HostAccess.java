// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_byte;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_short;
import static java.lang.constant.ConstantDescs.CD_void;

import dev.strata.system.cpu.interpret.GuestMemory;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.nio.ByteOrder;

/** How a region loads from and stores to a host address that its guest's page leads to. */
public enum HostAccess {
  /**
   * By what the JIT knows by itself, of a package of the JDK's that {@code --add-exports
   * java.base/jdk.internal.misc} opens. A region is compiled in a third of the time, and before it
   * is optimised runs twice as fast.
   */
  DIRECT {
    @Override
    void enter(CodeBuilder c, int self) {
      c.invokestatic(UNSAFE, "getUnsafe", MethodTypeDesc.of(UNSAFE)).astore(self);
    }

    @Override
    void begin(CodeBuilder c, int self) {
      c.aload(self).aconst_null();
    }

    @Override
    void read(CodeBuilder c, int size) {
      switch (size) {
        case 0 -> {
          get(c, "getByte", CD_byte);
          c.sipush(0xff).iand().i2l();
        }
        case 1 -> {
          get(c, "getShort", CD_short);
          c.i2c().i2l();
        }
        case 2 -> {
          get(c, "getInt", CD_int);
          c.i2l().loadConstant(0xffffffffL).land();
        }
        default -> get(c, "getLong", CD_long);
      }
    }

    private static void get(CodeBuilder c, String name, ClassDesc type) {
      c.invokevirtual(UNSAFE, name, MethodTypeDesc.of(type, CD_Object, CD_long));
    }

    @Override
    void place(CodeBuilder c) {
      c.bipush(GuestMemory.TLB_SHIFT - 3).lushr().loadConstant(GuestMemory.TLB_PLACES * 8L).land();
      c.getstatic(UNSAFE, "ARRAY_LONG_BASE_OFFSET", CD_long).ladd();
    }

    // No bounds are checked: what is cut to TLB_PLACES lies inside.
    @Override
    void element(CodeBuilder c, int self, int entries, int place, int which) {
      c.aload(self).aload(entries).lload(place);
      if (which != 0) {
        c.loadConstant(8L * which).ladd();
      }
      get(c, "getLong", CD_long);
    }

    @Override
    void half(CodeBuilder c, int self, int vectors, int number) {
      c.aload(self).aload(vectors).loadConstant(firstElement() + 8L * number);
      get(c, "getLong", CD_long);
    }

    @Override
    void setHalf(CodeBuilder c, int self, int vectors, int number, Runnable pushValue) {
      c.aload(self).aload(vectors).loadConstant(firstElement() + 8L * number);
      pushValue.run();
      put(c, "putLong", CD_long);
    }

    @Override
    void write(CodeBuilder c, int size) {
      switch (size) {
        case 0 -> put(c.l2i().i2b(), "putByte", CD_byte);
        case 1 -> put(c.l2i().i2s(), "putShort", CD_short);
        case 2 -> put(c.l2i(), "putInt", CD_int);
        default -> put(c, "putLong", CD_long);
      }
    }

    private static void put(CodeBuilder c, String name, ClassDesc type) {
      c.invokevirtual(UNSAFE, name, MethodTypeDesc.of(CD_void, CD_Object, CD_long, type));
    }
  },

  /** By a segment of all memory. */
  SEGMENT {
    @Override
    void enter(CodeBuilder c, int self) {
      // The methods are static.
    }

    @Override
    void begin(CodeBuilder c, int self) {
      // Likewise.
    }

    @Override
    void read(CodeBuilder c, int size) {
      c.invokestatic(MEMORY, "read" + (1 << size), MethodTypeDesc.of(CD_long, CD_long));
    }

    @Override
    void place(CodeBuilder c) {
      c.bipush(GuestMemory.TLB_SHIFT).lushr().loadConstant((long) GuestMemory.TLB_PLACES).land();
    }

    @Override
    void element(CodeBuilder c, int self, int entries, int place, int which) {
      c.aload(entries).lload(place).l2i();
      if (which != 0) {
        c.loadConstant(which).iadd();
      }
      c.laload();
    }

    @Override
    void half(CodeBuilder c, int self, int vectors, int number) {
      c.aload(vectors).loadConstant(number).laload();
    }

    @Override
    void setHalf(CodeBuilder c, int self, int vectors, int number, Runnable pushValue) {
      c.aload(vectors).loadConstant(number);
      pushValue.run();
      c.lastore();
    }

    @Override
    void write(CodeBuilder c, int size) {
      c.invokestatic(MEMORY, "write" + (1 << size), MethodTypeDesc.of(CD_void, CD_long, CD_long));
    }
  };

  private static final ClassDesc UNSAFE = ClassDesc.of("jdk.internal.misc.Unsafe");
  private static final ClassDesc MEMORY =
      ClassDesc.of("dev.strata.system.cpu.interpret.HostMemory");

  /** How far the first element lies behind the beginning of an array of numbers. */
  private static long firstElement() {
    return FirstElement.OFFSET;
  }

  private static final class FirstElement {
    static final long OFFSET;

    static {
      try {
        Class<?> unsafe = Class.forName("jdk.internal.misc.Unsafe");
        OFFSET = unsafe.getField("ARRAY_LONG_BASE_OFFSET").getLong(null);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }
  }

  /** The better one of those that this JVM has. */
  public static HostAccess best() {
    boolean open =
        Object.class.getModule().isExported("jdk.internal.misc", HostAccess.class.getModule());
    return open && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? DIRECT : SEGMENT;
  }

  /**
   * Comes where a region is entered. What is called at each access counts its calls until the
   * optimising compiler has it, so that is done but once.
   *
   * @param self a local variable for the other methods here
   */
  abstract void enter(CodeBuilder c, int self);

  /** Takes a guest's address; leaves, as a {@code long}, where the TLB has its entry. */
  abstract void place(CodeBuilder c);

  /**
   * Pushes a number of an entry of the TLB.
   *
   * @param entries the local variable that holds all, known not to be null
   * @param place the local variable that holds what {@link #place} has left
   * @param which as {@link GuestMemory#TLB_READ}
   */
  abstract void element(CodeBuilder c, int self, int entries, int place, int which);

  /**
   * Pushes a half of a vector.
   *
   * @param vectors the local variable that holds all 64, known not to be null
   */
  abstract void half(CodeBuilder c, int self, int vectors, int number);

  /**
   * Sets a half of a vector.
   *
   * @param pushValue pushes what to
   */
  abstract void setHalf(CodeBuilder c, int self, int vectors, int number, Runnable pushValue);

  /** Comes before the address is pushed. */
  abstract void begin(CodeBuilder c, int self);

  /** Takes the address; leaves 1 << size bytes, zero-extended. */
  abstract void read(CodeBuilder c, int size);

  /** Takes the address and 1 << size bytes in a {@code long}. */
  abstract void write(CodeBuilder c, int size);
}
