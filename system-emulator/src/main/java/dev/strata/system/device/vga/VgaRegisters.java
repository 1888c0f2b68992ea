// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.vga;

import dev.strata.block.BlockException;
import dev.strata.system.clock.VirtualClock;
import dev.strata.system.state.StateFields;

/**
 * The ports from 3B0h to 3DFh. This object's lock guards them, and all else of the adapter but its
 * memory.
 *
 * @see "FreeVGA, External Registers, Accessing the VGA Registers"
 */
final class VgaRegisters {
  private static final int COLOUR_ADAPTER = 1; // miscellaneous output: which ports the CRTC has
  private static final int MEMORY_ENABLED = 2;
  private static final int SWITCH_SENSE = 0x10; // input status 0
  private static final int NOT_THERE = 0xff;

  final Sequencer sequencer = new Sequencer();
  final GraphicsController graphics = new GraphicsController();
  final CrtController crt = new CrtController();
  final AttributeController attributes = new AttributeController();
  final ColourTable colours = new ColourTable();
  private final VirtualClock clock;
  private int miscellaneous;
  private int feature;

  VgaRegisters(VirtualClock clock) {
    this.clock = clock;
  }

  void reset() {
    sequencer.reset();
    graphics.reset();
    crt.reset();
    attributes.reset();
    colours.reset();
    miscellaneous = 0;
    feature = 0;
  }

  /** Whether the guest's window to the memory is open. */
  boolean memoryEnabled() {
    return (miscellaneous & MEMORY_ENABLED) != 0;
  }

  Beam beam() {
    return Beam.of(crt, sequencer, miscellaneous >> 2 & 3);
  }

  /** Whether a port is one of the two sets that the CRT controller is not at now. */
  private boolean isElsewhere(int port) {
    boolean colour = (miscellaneous & COLOUR_ADAPTER) != 0;
    return colour ? port < 0x3c0 : port >= 0x3d0;
  }

  /** Reads a byte. */
  int read(int port) {
    if (isElsewhere(port)) {
      return NOT_THERE;
    }
    return switch (port) {
      case 0x3c0 -> attributes.index();
      case 0x3c1 -> attributes.read();
      case 0x3c2 -> SWITCH_SENSE;
      case 0x3c4 -> sequencer.index();
      case 0x3c5 -> sequencer.get(sequencer.index());
      case 0x3c6 -> colours.mask();
      case 0x3c7 -> colours.state();
      case 0x3c8 -> colours.next();
      case 0x3c9 -> colours.read();
      case 0x3ca -> feature;
      case 0x3cc -> miscellaneous;
      case 0x3ce -> graphics.index();
      case 0x3cf -> graphics.get(graphics.index());
      case 0x3b4, 0x3d4 -> crt.index();
      case 0x3b5, 0x3d5 -> crt.get(crt.index());
      case 0x3ba, 0x3da -> {
        attributes.expectIndex();
        yield beam().status(clock.nanos());
      }
      default -> NOT_THERE;
    };
  }

  /** Writes a byte. */
  void write(int port, int value) {
    if (isElsewhere(port)) {
      return;
    }
    switch (port) {
      case 0x3c0 -> attributes.write(value);
      case 0x3c2 -> miscellaneous = value & 0xef;
      case 0x3c4 -> sequencer.select(value & 7);
      case 0x3c5 -> sequencer.put(sequencer.index(), value);
      case 0x3c6 -> colours.mask(value);
      case 0x3c7 -> colours.readFrom(value);
      case 0x3c8 -> colours.writeFrom(value);
      case 0x3c9 -> colours.write(value);
      case 0x3ce -> graphics.select(value & 15);
      case 0x3cf -> graphics.put(graphics.index(), value);
      case 0x3b4, 0x3d4 -> crt.select(value);
      case 0x3b5, 0x3d5 -> crt.put(crt.index(), value);
      case 0x3ba, 0x3da -> feature = value & 0x10;
      default -> {} // read-only, or not there
    }
  }

  /**
   * What the registers show.
   *
   * @param wideColours whether the colour table's values have eight bits
   */
  Picture picture(VideoMemory memory, boolean wideColours) {
    if (!attributes.screenOn() || !crt.runs() || sequencer.screenOff()) {
      return blank();
    }
    var scan = new Scan(this, colours.colours(wideColours));
    return graphics.isGraphics()
        ? new GraphicsScreen(memory, scan, new GraphicsController(graphics))
        : new TextScreen(memory, scan, beam().frames(clock.nanos()));
  }

  private Picture blank() {
    // Before firmware has set a mode.
    if (crt.lines() == 1) {
      return new BlankScreen(640, 480);
    }
    int dots = graphics.isGraphics() ? 8 : sequencer.dotsPerCharacter();
    int width = crt.columns() * dots;
    return new BlankScreen(sequencer.halvesDotClock() ? 2 * width : width, crt.lines());
  }

  void state(StateFields state) throws BlockException {
    sequencer.state(state);
    graphics.state(state);
    crt.state(state);
    attributes.state(state);
    colours.state(state);
    miscellaneous = state.u8("miscellaneous output", miscellaneous);
    feature = state.u8("feature control", feature);
  }
}
