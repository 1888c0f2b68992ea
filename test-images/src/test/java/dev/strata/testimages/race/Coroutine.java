// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.race;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Work that can be left in the middle and gone on with, all on the caller's thread: what virtual
 * threads are made of. Needs {@code --add-exports java.base/jdk.internal.vm=ALL-UNNAMED}; a switch
 * between threads costs fifty times as much.
 */
final class Coroutine {
  private static final MethodHandle NEW;
  private static final MethodHandle RUN;
  private static final MethodHandle YIELD;
  private static final MethodHandle IS_DONE;
  private static final Object SCOPE;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      Class<?> scope = Class.forName("jdk.internal.vm.ContinuationScope");
      Class<?> type = Class.forName("jdk.internal.vm.Continuation");
      SCOPE = scope.getConstructor(String.class).newInstance("turns");
      NEW =
          lookup
              .findConstructor(type, MethodType.methodType(void.class, scope, Runnable.class))
              .asType(MethodType.methodType(Object.class, Object.class, Runnable.class));
      RUN =
          lookup
              .findVirtual(type, "run", MethodType.methodType(void.class))
              .asType(MethodType.methodType(void.class, Object.class));
      YIELD =
          lookup
              .findStatic(type, "yield", MethodType.methodType(boolean.class, scope))
              .asType(MethodType.methodType(boolean.class, Object.class));
      IS_DONE =
          lookup
              .findVirtual(type, "isDone", MethodType.methodType(boolean.class))
              .asType(MethodType.methodType(boolean.class, Object.class));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("No continuations here", e);
    }
  }

  private final Object continuation;

  Coroutine(Runnable work) {
    try {
      continuation = (Object) NEW.invokeExact(SCOPE, work);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Goes on with the work until it leaves or ends. */
  void run() {
    try {
      RUN.invokeExact(continuation);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  boolean isDone() {
    try {
      return (boolean) IS_DONE.invokeExact(continuation);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Leaves the work that is being done. */
  static void leave() {
    boolean left;
    try {
      left = (boolean) YIELD.invokeExact(SCOPE);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    if (!left) {
      throw new IllegalStateException("pinned");
    }
  }
}
