// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.ir.PureFunction;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongBinaryOperator;

/** The functions that decoded vector instructions name by their ordinal. */
enum VectorFunction {
  ADD_BYTES(LaneArithmetic.class, "addBytes", LaneArithmetic::addBytes),
  SUBTRACT_BYTES(LaneArithmetic.class, "subtractBytes", LaneArithmetic::subtractBytes),
  EQUAL_BYTES(LaneArithmetic.class, "equalBytes", LaneArithmetic::equalBytes),
  GREATER_BYTES(LaneArithmetic.class, "greaterBytes", LaneArithmetic::greaterBytes),
  MINIMUM_BYTES(LaneArithmetic.class, "minimumBytes", LaneArithmetic::minimumBytes),
  MAXIMUM_BYTES(LaneArithmetic.class, "maximumBytes", LaneArithmetic::maximumBytes),
  SUBTRACT_BYTES_TO_ZERO(
      LaneArithmetic.class, "subtractBytesToZero", LaneArithmetic::subtractBytesToZero),
  ADD_BYTES_TO_MOST(LaneArithmetic.class, "addBytesToMost", LaneArithmetic::addBytesToMost),
  AVERAGE_BYTES(LaneArithmetic.class, "averageBytes", LaneArithmetic::averageBytes),
  DIFFERENCES(LaneArithmetic.class, "differences", LaneArithmetic::differences),
  ADD_WORDS(LaneArithmetic.class, "addWords", LaneArithmetic::addWords),
  SUBTRACT_WORDS(LaneArithmetic.class, "subtractWords", LaneArithmetic::subtractWords),
  EQUAL_WORDS(LaneArithmetic.class, "equalWords", LaneArithmetic::equalWords),
  GREATER_WORDS(LaneArithmetic.class, "greaterWords", LaneArithmetic::greaterWords),
  MINIMUM_WORDS(LaneArithmetic.class, "minimumWords", LaneArithmetic::minimumWords),
  MAXIMUM_WORDS(LaneArithmetic.class, "maximumWords", LaneArithmetic::maximumWords),
  SUBTRACT_WORDS_TO_ZERO(
      LaneArithmetic.class, "subtractWordsToZero", LaneArithmetic::subtractWordsToZero),
  ADD_WORDS_TO_MOST(LaneArithmetic.class, "addWordsToMost", LaneArithmetic::addWordsToMost),
  MULTIPLY_WORDS(LaneArithmetic.class, "multiplyWords", LaneArithmetic::multiplyWords),
  MULTIPLY_ADD_WORDS(LaneArithmetic.class, "multiplyAddWords", LaneArithmetic::multiplyAddWords),
  ADD_INTS(LaneArithmetic.class, "addInts", LaneArithmetic::addInts),
  SUBTRACT_INTS(LaneArithmetic.class, "subtractInts", LaneArithmetic::subtractInts),
  EQUAL_INTS(LaneArithmetic.class, "equalInts", LaneArithmetic::equalInts),
  GREATER_INTS(LaneArithmetic.class, "greaterInts", LaneArithmetic::greaterInts),
  MULTIPLY_EVEN_INTS(LaneArithmetic.class, "multiplyEvenInts", LaneArithmetic::multiplyEvenInts),
  ADD(LaneArithmetic.class, "add", LaneArithmetic::add),
  SUBTRACT(LaneArithmetic.class, "subtract", LaneArithmetic::subtract),
  AND(LaneArithmetic.class, "and", LaneArithmetic::and),
  AND_NOT(LaneArithmetic.class, "andNot", LaneArithmetic::andNot),
  OR(LaneArithmetic.class, "or", LaneArithmetic::or),
  XOR(LaneArithmetic.class, "xor", LaneArithmetic::xor),
  SECOND(LaneShuffles.class, "second", LaneShuffles::second),
  LOW_LOW(LaneShuffles.class, "lowLow", LaneShuffles::lowLow),
  HIGH_LOW(LaneShuffles.class, "highLow", LaneShuffles::highLow),
  LOW_HIGH(LaneShuffles.class, "lowHigh", LaneShuffles::lowHigh),
  HIGH_HIGH(LaneShuffles.class, "highHigh", LaneShuffles::highHigh),
  INSERT_LOW(LaneShuffles.class, "insertLow", LaneShuffles::insertLow),
  LOW_BYTES(LaneShuffles.class, "lowBytes", LaneShuffles::lowBytes),
  HIGH_BYTES(LaneShuffles.class, "highBytes", LaneShuffles::highBytes),
  LOW_WORDS(LaneShuffles.class, "lowWords", LaneShuffles::lowWords),
  HIGH_WORDS(LaneShuffles.class, "highWords", LaneShuffles::highWords),
  SHUFFLE_WORDS(LaneShuffles.class, "shuffleWords", LaneShuffles::shuffleWords),
  SHUFFLE_LOW(LaneShuffles.class, "shuffleLow", LaneShuffles::shuffleLow),
  SHUFFLE_HIGH(LaneShuffles.class, "shuffleHigh", LaneShuffles::shuffleHigh),
  SIGNS(LaneShuffles.class, "signs", LaneShuffles::signs),
  SIGNS_OF_WHOLE(LaneShuffles.class, "signsOfWhole", LaneShuffles::signsOfWhole),
  PACK_SIGNED_WORDS(LaneShuffles.class, "packSignedWords", LaneShuffles::packSignedWords),
  PACK_UNSIGNED_WORDS(LaneShuffles.class, "packUnsignedWords", LaneShuffles::packUnsignedWords),
  PACK_INTS(LaneShuffles.class, "packInts", LaneShuffles::packInts),
  SHIFT_WORDS_RIGHT(LaneShuffles.class, "shiftWordsRight", LaneShuffles::shiftWordsRight),
  SHIFT_INTS_RIGHT(LaneShuffles.class, "shiftIntsRight", LaneShuffles::shiftIntsRight),
  SHIFT_RIGHT(LaneShuffles.class, "shiftRight", LaneShuffles::shiftRight),
  SHIFT_WORDS_LEFT(LaneShuffles.class, "shiftWordsLeft", LaneShuffles::shiftWordsLeft),
  SHIFT_INTS_LEFT(LaneShuffles.class, "shiftIntsLeft", LaneShuffles::shiftIntsLeft),
  SHIFT_LEFT(LaneShuffles.class, "shiftLeft", LaneShuffles::shiftLeft),
  SHIFT_WORDS_ARITHMETIC(
      LaneShuffles.class, "shiftWordsArithmetic", LaneShuffles::shiftWordsArithmetic),
  SHIFT_INTS_ARITHMETIC(
      LaneShuffles.class, "shiftIntsArithmetic", LaneShuffles::shiftIntsArithmetic),
  IS_CAREFUL(PlainFloats.class, "isCareful", PlainFloats::isCareful),
  ADD_DOUBLES(PlainFloats.class, "addDoubles", PlainFloats::addDoubles),
  SUBTRACT_DOUBLES(PlainFloats.class, "subtractDoubles", PlainFloats::subtractDoubles),
  MULTIPLY_DOUBLES(PlainFloats.class, "multiplyDoubles", PlainFloats::multiplyDoubles),
  DIVIDE_DOUBLES(PlainFloats.class, "divideDoubles", PlainFloats::divideDoubles),
  ROOT_OF_DOUBLE(PlainFloats.class, "rootOfDouble", PlainFloats::rootOfDouble),
  ORDER_DOUBLES(PlainFloats.class, "orderDoubles", PlainFloats::orderDoubles),
  ADD_FLOATS(PlainFloats.class, "addFloats", PlainFloats::addFloats),
  SUBTRACT_FLOATS(PlainFloats.class, "subtractFloats", PlainFloats::subtractFloats),
  MULTIPLY_FLOATS(PlainFloats.class, "multiplyFloats", PlainFloats::multiplyFloats),
  DIVIDE_FLOATS(PlainFloats.class, "divideFloats", PlainFloats::divideFloats),
  ROOT_OF_FLOAT(PlainFloats.class, "rootOfFloat", PlainFloats::rootOfFloat),
  ORDER_FLOATS(PlainFloats.class, "orderFloats", PlainFloats::orderFloats),
  INTEGER_TO_DOUBLE(PlainFloats.class, "integerToDouble", PlainFloats::integerToDouble),
  INTEGER_TO_FLOAT(PlainFloats.class, "integerToFloat", PlainFloats::integerToFloat),
  FLOAT_TO_DOUBLE(PlainFloats.class, "floatToDouble", PlainFloats::floatToDouble),
  DOUBLE_TO_FLOAT(PlainFloats.class, "doubleToFloat", PlainFloats::doubleToFloat),
  DOUBLE_TO_INT(PlainFloats.class, "doubleToInt", PlainFloats::doubleToInt),
  DOUBLE_TO_LONG(PlainFloats.class, "doubleToLong", PlainFloats::doubleToLong),
  FLOAT_TO_INT(PlainFloats.class, "floatToInt", PlainFloats::floatToInt),
  FLOAT_TO_LONG(PlainFloats.class, "floatToLong", PlainFloats::floatToLong),
  ROUND_TO_INT(PlainFloats.class, "roundToInt", PlainFloats::roundToInt),
  ROUND_TO_LONG(PlainFloats.class, "roundToLong", PlainFloats::roundToLong),
  ROUND_FLOAT_TO_INT(PlainFloats.class, "roundFloatToInt", PlainFloats::roundFloatToInt),
  ROUND_FLOAT_TO_LONG(PlainFloats.class, "roundFloatToLong", PlainFloats::roundFloatToLong);

  final PureFunction function;

  VectorFunction(Class<?> owner, String name, LongBinaryOperator operator) {
    function = new PureFunction(owner, name, operator);
  }

  /** All of them, by their number. */
  static final List<PureFunction> ALL = Arrays.stream(values()).map(f -> f.function).toList();
}
