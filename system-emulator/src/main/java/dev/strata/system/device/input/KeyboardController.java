// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.input;

import dev.strata.block.BlockException;
import dev.strata.system.device.Device;
import dev.strata.system.device.IrqLine;
import dev.strata.system.memory.MmioHandler;
import dev.strata.system.state.StateFields;

/**
 * The 8042 of a PC, which also drives the address line A20 and the reset line; port 92h does the
 * same. Thread-safe.
 *
 * @see "IBM PS/2 Hardware Interface Technical Reference, Keyboard and Auxiliary Device Controller"
 */
public final class KeyboardController implements Device {
  private static final int OUTPUT_FULL = 1; // status
  private static final int SYSTEM = 4;

  /** What came last was a command. It always says so here, as in the reference. */
  private static final int COMMAND = 8;

  private static final int UNLOCKED = 0x10;
  private static final int FROM_MOUSE = 0x20;

  private static final int KEYBOARD_INTERRUPT = 1; // command byte
  private static final int MOUSE_INTERRUPT = 2;
  private static final int KEYBOARD_OFF = 0x10;
  private static final int MOUSE_OFF = 0x20;
  private static final int TRANSLATE = 0x40;

  /** What the controller drives beside interrupts. */
  public interface BoardPins {
    /** Address line 20: open, or held at zero. */
    void addressLine20(boolean open);

    /** The reset line. */
    void reset();
  }

  private final Ps2Device keyboard;
  private final Ps2Device mouse;
  private final IrqLine keyboardLine;
  private final IrqLine mouseLine;
  private final BoardPins pins;
  private int mode; // the command byte
  private int output = -1; // what port 60h gives next if the controller itself answers
  private boolean outputFromMouse;
  private int pending; // the command whose argument comes to port 60h, or 0
  private boolean systemFlag;
  private boolean addressLine20;
  private int lastRead;

  /** A controller with its two devices. */
  public KeyboardController(
      Ps2Device keyboard,
      Ps2Device mouse,
      IrqLine keyboardLine,
      IrqLine mouseLine,
      BoardPins pins) {
    this.keyboard = keyboard;
    this.mouse = mouse;
    this.keyboardLine = keyboardLine;
    this.mouseLine = mouseLine;
    this.pins = pins;
  }

  @Override
  public synchronized void reset() {
    mode = KEYBOARD_INTERRUPT | MOUSE_INTERRUPT;
    output = -1;
    pending = 0;
    systemFlag = false;
    keyboard.reset();
    mouse.reset();
    setAddressLine20(true);
    update();
  }

  /** A key's scan codes of set 2, as the keyboard sends them: for those who type. */
  public synchronized void type(int... codes) {
    keyboard.send(codes);
    update();
  }

  private boolean mouseHasData() {
    return (mode & MOUSE_OFF) == 0 && mouse.hasData();
  }

  private boolean keyboardHasData() {
    return (mode & KEYBOARD_OFF) == 0 && keyboard.hasData();
  }

  private boolean showsMouse() {
    return output >= 0 ? outputFromMouse : !keyboardHasData() && mouseHasData();
  }

  private boolean isFull() {
    return output >= 0 || keyboardHasData() || mouseHasData();
  }

  private void update() {
    boolean full = isFull();
    boolean fromMouse = showsMouse();
    keyboardLine.set(full && !fromMouse && (mode & KEYBOARD_INTERRUPT) != 0);
    mouseLine.set(full && fromMouse && (mode & MOUSE_INTERRUPT) != 0);
  }

  private void setAddressLine20(boolean open) {
    addressLine20 = open;
    pins.addressLine20(open);
  }

  /** Port 60h. */
  public MmioHandler dataPort() {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        return readData();
      }

      @Override
      public void write(long offset, int bytes, long value) {
        writeData((int) value & 0xff);
      }
    };
  }

  /** Port 64h. */
  public MmioHandler commandPort() {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        return status();
      }

      @Override
      public void write(long offset, int bytes, long value) {
        command((int) value & 0xff);
      }
    };
  }

  /** Port 92h: A20 by bit 1, reset by a rise of bit 0. */
  public MmioHandler systemControlPort() {
    return new MmioHandler() {
      @Override
      public long read(long offset, int bytes) {
        synchronized (KeyboardController.this) {
          return addressLine20 ? 2 : 0;
        }
      }

      @Override
      public void write(long offset, int bytes, long value) {
        synchronized (KeyboardController.this) {
          setAddressLine20((value & 2) != 0);
        }
        if ((value & 1) != 0) {
          pins.reset();
        }
      }
    };
  }

  private synchronized int status() {
    return (isFull() ? OUTPUT_FULL : 0)
        | (systemFlag ? SYSTEM : 0)
        | COMMAND
        | UNLOCKED
        | (isFull() && showsMouse() ? FROM_MOUSE : 0);
  }

  private synchronized int readData() {
    if (output >= 0) {
      lastRead = output;
      output = -1;
    } else if (keyboardHasData()) {
      int code = keyboard.take();
      lastRead = (mode & TRANSLATE) != 0 ? keyboard.translated(code) : code;
    } else if (mouseHasData()) {
      lastRead = mouse.take();
    }
    // A byte that waits behind this one is a new edge.
    keyboardLine.set(false);
    mouseLine.set(false);
    update();
    return lastRead & 0xff;
  }

  private void answer(int value, boolean fromMouse) {
    output = value;
    outputFromMouse = fromMouse;
  }

  private void command(int value) {
    boolean resets;
    synchronized (this) {
      pending = 0;
      // Commands from F0h on pulse the output port's lower bits; bit 0 is the reset line.
      resets = value >= 0xf0 && (value & 1) == 0;
      switch (value) {
        case 0x20 -> answer(mode, false);
        case 0x60, 0xd1, 0xd2, 0xd3, 0xd4 -> pending = value;
        case 0xa7 -> mode |= MOUSE_OFF;
        case 0xa8 -> mode &= ~MOUSE_OFF;
        case 0xa9, 0xab -> answer(0, false); // the lines are good
        case 0xaa -> {
          systemFlag = true;
          answer(0x55, false);
        }
        case 0xad -> mode |= KEYBOARD_OFF;
        case 0xae -> mode &= ~KEYBOARD_OFF;
        case 0xc0 -> answer(0x80, false);
        case 0xd0 ->
            answer(
                1 | (addressLine20 ? 2 : 0) | (isFull() ? (showsMouse() ? 0x20 : 0x10) : 0), false);
        case 0xdd -> setAddressLine20(false);
        case 0xdf -> setAddressLine20(true);
        default -> {} // reserved
      }
      update();
    }
    if (resets) {
      pins.reset();
    }
  }

  private void writeData(int value) {
    boolean resets = false;
    synchronized (this) {
      int command = pending;
      pending = 0;
      switch (command) {
        case 0 -> {
          mode &= ~KEYBOARD_OFF;
          keyboard.receive(value);
        }
        case 0x60 -> mode = value;
        case 0xd1 -> {
          setAddressLine20((value & 2) != 0);
          resets = (value & 1) == 0;
        }
        case 0xd2 -> answer(value, false);
        case 0xd3 -> answer(value, true);
        default -> {
          mode &= ~MOUSE_OFF;
          mouse.receive(value);
        }
      }
      update();
    }
    if (resets) {
      pins.reset();
    }
  }

  @Override
  public synchronized void state(StateFields state) throws BlockException {
    keyboard.state(state);
    mouse.state(state);
    mode = state.u8("command byte", mode);
    output = state.within("output", output, -1, 0xff);
    outputFromMouse = state.flag("output is the mouse's", outputFromMouse);
    pending = state.u8("pending command", pending);
    systemFlag = state.flag("system flag", systemFlag);
    boolean open = state.flag("A20", addressLine20);
    lastRead = state.within("last read", lastRead, -1, 0xff);
    if (state.isLoading()) {
      addressLine20 = open;
      pins.addressLine20(open);
    }
  }
}
