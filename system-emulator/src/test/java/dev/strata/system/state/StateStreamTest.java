// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Sections written and read back, and what is made of streams that nobody has written. */
final class StateStreamTest {
  private static final int PAGE = 4096;
  private static final int NAME_AT = 13; // of the first section: behind magic, version and kind

  /** A chip with a field of each kind. */
  private static final class Chip implements Saved {
    int small = 200;
    int signed = -5;
    long wide = Long.MIN_VALUE;
    boolean on = true;
    byte[] text = "four".getBytes(StandardCharsets.US_ASCII);
    final int[] bounded = {1, 2, 3};

    @Override
    public void state(StateFields state) throws BlockException {
      small = state.u8("small", small);
      signed = state.i32("signed", signed);
      wide = state.i64("wide", wide);
      on = state.flag("on", on);
      text = state.bytes("text", text, 8);
      state.within("bounded", bounded, 0, 3);
    }

    void clear() {
      small = 0;
      signed = 0;
      wide = 0;
      on = false;
      text = new byte[0];
      Arrays.fill(bounded, 0);
    }
  }

  private final Chip chip = new Chip();
  private final MemorySegment memory = MemorySegment.ofArray(new byte[200 * PAGE]);
  private final List<StateSection> sections =
      List.of(new StateSection.Fields("chip", 3, chip), new StateSection.Memory("memory", memory));

  private byte[] written() throws IOException {
    var out = new ByteArrayOutputStream();
    StateOutput.write(sections, out);
    return out.toByteArray();
  }

  private void read(byte[] stream) throws BlockException {
    StateInput.read(sections, new ByteArrayInputStream(stream));
  }

  private String refusal(byte[] stream) {
    return assertThrows(BlockException.class, () -> read(stream)).getMessage();
  }

  @Test
  void fieldsAndPagesComeBack() throws IOException {
    memory.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
    memory.asSlice(70L * PAGE, 90L * PAGE).fill((byte) 7);
    memory.set(ValueLayout.JAVA_BYTE, 200 * PAGE - 1, (byte) 9);
    byte[] before = memory.toArray(ValueLayout.JAVA_BYTE);
    byte[] stream = written();
    chip.clear();
    memory.fill((byte) 0x55); // pages that were zero are zero again
    read(stream);
    assertArrayEquals(before, memory.toArray(ValueLayout.JAVA_BYTE));
    assertEquals(200, chip.small);
    assertEquals(-5, chip.signed);
    assertEquals(Long.MIN_VALUE, chip.wide);
    assertTrue(chip.on);
    assertArrayEquals("four".getBytes(StandardCharsets.US_ASCII), chip.text);
    assertArrayEquals(new int[] {1, 2, 3}, chip.bounded);
  }

  @Test
  void zeroPagesTakeNoRoom() throws IOException {
    assertTrue(written().length < 200);
  }

  @Test
  void aStreamThatEndsAnywhereIsRefused() throws IOException {
    memory.set(ValueLayout.JAVA_BYTE, 3 * PAGE, (byte) 1);
    byte[] stream = written();
    for (int length = 0; length < stream.length; length += length < 150 ? 1 : 97) {
      assertEquals("the saved state ends too early", refusal(Arrays.copyOf(stream, length)));
    }
  }

  @Test
  void aBitThatIsWrongAnywhereIsFound() throws IOException {
    memory.set(ValueLayout.JAVA_BYTE, 3 * PAGE, (byte) 1);
    byte[] stream = written();
    for (int at = 0; at < stream.length; at += at < 150 ? 1 : 97) {
      byte[] broken = stream.clone();
      broken[at] ^= 0x10;
      assertTrue(refusal(broken).lines().count() == 1, "byte " + at);
    }
  }

  @Test
  void whatDoesNotFitIsNamed() throws IOException {
    byte[] stream = written();
    byte[] other = stream.clone();
    other[0] = 'Q';
    assertEquals("Not a migration stream", refusal(other));
    other = stream.clone();
    other[11] = 9;
    assertEquals("Unsupported migration stream version: 9", refusal(other));
    other = stream.clone();
    other[NAME_AT + 1] = 's';
    assertEquals("the saved state has 'ship' where this machine has 'chip'", refusal(other));
    other = stream.clone();
    other[NAME_AT + 8] = 4;
    assertEquals("saved state of 'chip': version 4, not 3", refusal(other));
    chip.bounded[2] = 4;
    assertThrows(IllegalStateException.class, this::written); // it could not be read back
  }

  @Test
  void aMachineWithMoreOrLessIsAnother() throws IOException {
    byte[] both = written();
    var one = List.of(sections.getFirst());
    assertEquals(
        "the saved state has something that is not in this machine: memory",
        assertThrows(
                BlockException.class, () -> StateInput.read(one, new ByteArrayInputStream(both)))
            .getMessage());
    var out = new ByteArrayOutputStream();
    StateOutput.write(one, out);
    assertEquals(
        "the saved state has its end where this machine has 'memory'", refusal(out.toByteArray()));
  }

  @Test
  void memoryOfAnotherSizeIsRefusedBeforeAnyIsRead() throws IOException {
    var out = new ByteArrayOutputStream();
    var larger = MemorySegment.ofArray(new byte[201 * PAGE]);
    StateOutput.write(List.of(sections.getFirst(), new StateSection.Memory("memory", larger)), out);
    assertEquals("Size mismatch: memory: 0xc9000 != 0xc8000", refusal(out.toByteArray()));
  }
}
