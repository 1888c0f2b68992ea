// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The oracle for numbers is {@link ByteBuffer}. */
class StructReaderTest {
  private static MemorySegment bytes(int... values) {
    byte[] array = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      array[i] = (byte) values[i];
    }
    return MemorySegment.ofArray(array);
  }

  private static String refused(Executable read) {
    BlockException e = assertThrows(BlockException.class, read);
    assertEquals(Errno.EINVAL, e.errno());
    return e.getMessage();
  }

  @Test
  void numbersAreReadInBothByteOrders() throws BlockException {
    MemorySegment source = bytes(0xff, 0xfe, 1, 0x80, 0, 0, 2, 0xf0, 1, 2, 3, 4, 5, 6, 7);
    var big = StructReader.bigEndian(source);
    assertEquals(0xff, big.u8("a"));
    assertEquals(0xfe01, big.u16("b"));
    assertEquals(0x80000002L, big.u32("c"));
    assertEquals(0xf001020304050607L, big.u64("d"));
    assertEquals(0, big.remaining());
    var little = StructReader.littleEndian(source);
    assertEquals(0xff, little.u8("a"));
    assertEquals(0x01fe, little.u16("b"));
    assertEquals(0x02000080L, little.u32("c"));
    assertEquals(0x07060504030201f0L, little.u64("d"));
    assertEquals(15, little.position());
  }

  @Test
  void fieldPastTheEndIsRefusedAndNamed() throws BlockException {
    var in = StructReader.bigEndian(bytes(1, 2, 3));
    in.skip("pad", 1);
    assertEquals(
        "version: 4 bytes at offset 1 exceed the structure's 3 bytes",
        refused(() -> in.u32("version")));
    refused(() -> in.u64("x"));
    refused(() -> in.bytes("x", 3));
    refused(() -> in.bytes("x", -1));
    refused(() -> in.skip("x", Long.MAX_VALUE));
    refused(() -> in.slice("x", 3));
    refused(() -> in.seek("x", 4));
    refused(() -> in.seek("x", -1));
    assertEquals(0x0203, in.u16("a refused field leaves the position as it was"));
    refused(() -> in.u8("x"));
  }

  @Test
  void numberOutsideItsLimitsIsRefused() throws BlockException {
    assertEquals(9, StructReader.bigEndian(bytes(0, 0, 0, 9)).u32("bits", 9, 21));
    assertEquals(
        "bits is 8; must be between 9 and 21",
        refused(() -> StructReader.bigEndian(bytes(0, 0, 0, 8)).u32("bits", 9, 21)));
    assertEquals(
        "bits is 4294967295; must be between 0 and 2147483647",
        refused(() ->
            StructReader.bigEndian(bytes(255, 255, 255, 255)).u32("bits", 0, Integer.MAX_VALUE)));
    assertEquals(
        "size is 18446744073709551615; must be between 0 and 10",
        refused(() ->
            StructReader.bigEndian(bytes(255, 255, 255, 255, 255, 255, 255, 255))
                .u64("size", 0, 10)));
  }

  @Test
  void otherMagicIsRefused() throws BlockException {
    StructReader.bigEndian(bytes('Q', 'F', 'I', 0xfb)).expect("magic", 0x514649fbL);
    assertEquals(
        "magic is 0x514649fa; must be 0x514649fb",
        refused(
            () -> StructReader.bigEndian(bytes('Q', 'F', 'I', 0xfa)).expect("magic", 0x514649fbL)));
  }

  @Test
  void paddedStringEndsAtItsFirstNul() throws BlockException {
    assertEquals("ab", StructReader.bigEndian(bytes('a', 'b', 0, 'c')).paddedString("s", 4));
    assertEquals("abcd", StructReader.bigEndian(bytes('a', 'b', 'c', 'd')).paddedString("s", 4));
    assertEquals("\u00e9", StructReader.bigEndian(bytes(0xc3, 0xa9)).string("s", 2));
  }

  @Test
  void whatIsWrittenIsReadBack() throws BlockException {
    byte[] array = new byte[24];
    var out = StructWriter.bigEndian(MemorySegment.ofArray(array));
    out.u8(0xfe).u16(0xfedc).u32(0xfedcba98L).u64(-2).paddedString("ab", 4).zeroes(2).skip(3);
    assertEquals(0, out.remaining());
    ByteBuffer expected = ByteBuffer.allocate(24);
    expected.put((byte) 0xfe).putShort((short) 0xfedc).putInt(0xfedcba98).putLong(-2);
    expected.put((byte) 'a').put((byte) 'b');
    assertArrayEquals(expected.array(), array);
    assertThrows(IndexOutOfBoundsException.class, () -> out.u8(0));
    out.seek(0);
    assertThrows(IllegalArgumentException.class, () -> out.u8(256));
    assertThrows(IllegalArgumentException.class, () -> out.u16(-1));
    assertThrows(IllegalArgumentException.class, () -> out.u32(1L << 32));
    assertThrows(IllegalArgumentException.class, () -> out.paddedString("abc", 2));
  }

  @Test
  void tablesAreCopiedInTheirByteOrder() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table = arena.allocate(33);
      long[] entries = {1, -2, 0x0102030405060708L, Long.MIN_VALUE};
      for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
        Table.write(entries, 1, 3, table, 1, order);
        ByteBuffer oracle = table.asByteBuffer().order(order);
        for (int i = 0; i < 3; i++) {
          assertEquals(entries[i + 1], oracle.getLong(1 + 8 * i));
        }
        long[] back = new long[5];
        Table.read(table, 1, order, back, 2, 3);
        assertArrayEquals(new long[] {0, 0, entries[1], entries[2], entries[3]}, back);
        int[] halves = {7, -8};
        Table.write(halves, 0, 2, table, 3, order);
        assertEquals(-8, oracle.getInt(7));
        int[] again = new int[2];
        Table.read(table, 3, order, again, 0, 2);
        assertArrayEquals(halves, again);
      }
    }
  }
}
