// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.ir;

import java.util.function.LongBinaryOperator;

/**
 * What FUNCTION computes: from its operands alone, without an effect. Translated code calls the
 * method itself, so that the JIT inlines it.
 *
 * @param owner a public class
 * @param name of a public static method that takes two {@code long} and gives one
 * @param operator the same method
 */
public record PureFunction(Class<?> owner, String name, LongBinaryOperator operator) {}
