// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.system.cpu.ir.PureFunction;
import java.lang.reflect.Modifier;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the interpreter computes by a function's number, translated code does by its name. */
final class VectorFunctionTest {
  @ParameterizedTest
  @EnumSource
  void theNameIsThatOfTheOperator(VectorFunction which) throws Exception {
    PureFunction function = which.function;
    var method = function.owner().getMethod(function.name(), long.class, long.class);
    assertTrue(Modifier.isPublic(function.owner().getModifiers()));
    var random = new Random(which.ordinal());
    for (int i = 0; i < 1000; i++) {
      long x = i % 3 == 0 ? FloatingValues.ofDouble(random) : random.nextLong();
      long y = i % 3 == 0 ? FloatingValues.ofDouble(random) : random.nextLong();
      assertEquals(method.invoke(null, x, y), function.operator().applyAsLong(x, y));
    }
  }
}
