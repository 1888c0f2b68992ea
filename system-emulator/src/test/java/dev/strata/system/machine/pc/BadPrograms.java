// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import java.util.Random;

/** What no driver does to a device: programs by chance, each from the state after a reset. */
enum BadPrograms {
  DISK(2, 1),
  ENTROPY(4, 1),
  CONSOLES(6, 8),
  BALLOON(7, 3),
  SCSI(8, 3),
  IDE,
  FLOPPY,
  FIRMWARE,
  TIMERS,
  INTERRUPTS,
  SERIAL_AND_KEYBOARD,
  DISPLAY,
  PCI;

  static final long BAR = 0xe0000000L;
  private static final long RINGS = 0x10000;
  private static final long INDIRECT = 0x18000;
  private static final long DATA = 0x200000;
  private static final int DESCRIPTORS = 8;

  private static final long[] PLACES = {
    0,
    0x9fff8,
    0xa0000,
    0xbfffc,
    0xc0000,
    0xfffff,
    0x100000,
    RINGS,
    DATA,
    DATA + 4095,
    0x3ffff0,
    0x3fffff,
    0x400000,
    0x80000000L,
    BAR,
    BAR + 0x3000,
    0xfec00000L,
    0xfed00000L,
    0xfee00000L,
    0xfffe0000L,
    0xffffffffL,
    0x100000000L,
    1L << 51,
    1L << 52,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -1,
    -8,
    -4096,
  };
  private static final long[] LENGTHS = {
    0, 1, 2, 8, 16, 17, 48, 512, 513, 4096, 65536, 0x400000, 0x7fffffff, 0x80000000L, 0xffffffffL,
  };

  final int slot; // of a virtio device
  private final int queues;

  BadPrograms() {
    this(0, 0);
  }

  BadPrograms(int slot, int queues) {
    this.slot = slot;
    this.queues = queues;
  }

  /** Runs one. */
  void run(DrivenGuest guest, Random random) {
    switch (this) {
      case DISK, ENTROPY, CONSOLES, BALLOON -> virtio(guest, random);
      case SCSI -> {
        virtio(guest, random);
        if (random.nextInt(4) != 0) {
          commands(guest, random);
        }
      }
      case IDE -> ide(guest, random);
      case FLOPPY -> floppy(guest, random);
      case FIRMWARE -> firmware(guest, random);
      case TIMERS -> timers(guest, random);
      case INTERRUPTS -> interrupts(guest, random);
      case SERIAL_AND_KEYBOARD -> serialAndKeyboard(guest, random);
      case DISPLAY -> display(guest, random);
      case PCI -> pci(guest, random);
    }
  }

  private static long place(Random random) {
    long at = PLACES[random.nextInt(PLACES.length)];
    return random.nextInt(4) == 0 ? at + random.nextInt(64) - 32 : at;
  }

  private static long length(Random random) {
    return LENGTHS[random.nextInt(random.nextInt(4) == 0 ? LENGTHS.length : 10)];
  }

  private void virtio(DrivenGuest guest, Random random) {
    guest.configure(slot, 0, 0x10, 4, 0xc100);
    guest.configure(slot, 0, 0x20, 4, BAR);
    guest.configure(slot, 0, 0x04, 2, random.nextInt(8) == 0 ? random.nextInt(8) : 7);
    if (random.nextInt(4) == 0) {
      legacy(guest, random);
    } else {
      modern(guest, random);
    }
    for (int more = random.nextInt(6); more > 0; more--) {
      switch (random.nextInt(4)) {
        case 0 -> guest.anyPort(random, 0xc100, 64);
        case 1 -> guest.anyAddress(random, BAR, 64);
        case 2 -> guest.anyAddress(random, BAR + 0x1000L * random.nextInt(4), 0x1000);
        default -> guest.write(BAR + 0x3000 + 4L * random.nextInt(queues), 2, random.nextInt(9));
      }
    }
  }

  private void modern(DrivenGuest guest, Random random) {
    guest.write(BAR + 20, 1, 3);
    guest.write(BAR + 8, 4, 1);
    guest.write(BAR + 12, 4, 1);
    guest.write(BAR + 8, 4, 0);
    guest.write(BAR + 12, 4, random.nextInt(3) == 0 ? random.nextInt() : 2);
    guest.write(BAR + 20, 1, 11);
    int queue = random.nextInt(queues + (random.nextInt(8) == 0 ? 2 : 0));
    guest.write(BAR + 22, 2, queue);
    guest.write(BAR + 24, 2, random.nextInt(6) == 0 ? random.nextInt(0x10000) : DESCRIPTORS);
    boolean misplaced = random.nextInt(5) == 0;
    for (int ring = 0; ring < 3; ring++) {
      boolean away = misplaced && random.nextBoolean();
      long at = away ? place(random) : RINGS + 0x1000L * ring;
      guest.write(BAR + 32 + 8L * ring, 4, at);
      guest.write(BAR + 36 + 8L * ring, 4, at >>> 32);
    }
    guest.write(BAR + 28, 2, 1);
    guest.write(BAR + 20, 1, 15);
    rings(guest, random, RINGS + 0x1000, DESCRIPTORS);
    guest.write(BAR + 0x3000 + 4L * queue, 2, queue);
  }

  private void legacy(DrivenGuest guest, Random random) {
    guest.out(0xc112, 1, 3);
    guest.out(0xc104, 4, random.nextInt(3) == 0 ? random.nextInt() : 2);
    int queue = random.nextInt(queues);
    guest.out(0xc10e, 2, queue);
    long at = random.nextInt(5) == 0 ? place(random) : RINGS;
    guest.out(0xc108, 4, at >> 12);
    guest.out(0xc112, 1, 7);
    rings(guest, random, RINGS + 0x1000, 256);
    guest.out(0xc110, 2, queue);
  }

  /** Descriptors that loop, reach into tables, lie in registers, or outside memory. */
  private static void rings(DrivenGuest guest, Random random, long available, int entries) {
    table(guest, random, RINGS, random.nextInt(4) == 0 ? entries / 8 : DESCRIPTORS);
    if (random.nextInt(3) == 0) {
      table(guest, random, INDIRECT, 4);
    }
    for (int block = 0; block < 3; block++) {
      guest.write(DATA + 64L * block, 8, random.nextInt(3) == 0 ? random.nextLong() : block);
      guest.write(DATA + 64L * block + 8, 8, random.nextInt(3) == 0 ? random.nextLong() : block);
    }
    int offered = random.nextInt(8) == 0 ? random.nextInt(0x10000) : 1 + random.nextInt(4);
    for (int entry = 0; entry < 4; entry++) {
      guest.write(available + 4 + 2L * entry, 2, random.nextInt(DESCRIPTORS + 1));
    }
    guest.write(available, 2, random.nextInt(4));
    guest.write(available + 2, 2, offered);
  }

  private static void table(DrivenGuest guest, Random random, long at, int count) {
    for (int index = 0; index < count; index++) {
      long entry = at + 16L * index;
      boolean indirect = random.nextInt(12) == 0;
      long address = random.nextInt(3) == 0 ? place(random) : DATA + 64L * index;
      guest.write(entry, 8, indirect ? INDIRECT : address);
      int flags = random.nextInt(8) == 0 ? random.nextInt(0x10000) : random.nextInt(4);
      long next = random.nextInt(10) == 0 ? random.nextInt(0x10000) : random.nextInt(DESCRIPTORS);
      long length = indirect ? 16L * random.nextInt(6) : length(random);
      guest.write(entry + 8, 8, length | (indirect ? 4L : flags) << 32 | next << 48);
    }
  }

  /** Commands with operations that there are, and anything behind them. */
  private void commands(DrivenGuest guest, Random random) {
    guest.write(BAR + 20, 1, 0);
    guest.write(BAR + 20, 1, 11);
    int queue = random.nextInt(4) == 0 ? 0 : 2;
    guest.write(BAR + 22, 2, queue);
    guest.write(BAR + 24, 2, DESCRIPTORS);
    for (int ring = 0; ring < 3; ring++) {
      guest.write(BAR + 32 + 8L * ring, 4, RINGS + 0x1000L * ring);
    }
    guest.write(BAR + 28, 2, 1);
    guest.write(BAR + 20, 1, 15);
    guest.write(DATA, 8, 1 | (long) random.nextInt(5) << 8 | (long) random.nextInt(4) << 16);
    if (random.nextInt(3) == 0) {
      guest.write(DATA + 2, 2, random.nextBoolean() ? 0x2c41 : random.nextInt(0x10000));
    }
    for (int at = 8; at < 64; at += 8) {
      guest.write(DATA + at, 8, random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(4));
    }
    guest.write(DATA + 19, 1, scsiOperation(random));
    if (random.nextInt(3) != 0) {
      guest.write(DATA + 20, 8, random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(16));
    }
    int sent = random.nextInt(3) == 0 ? (int) (length(random) & 0xffff) : 0;
    int room = random.nextInt(3) == 0 ? (int) (length(random) & 0xffff) : 0x4000;
    int header = queue == 0 ? 24 : 51;
    guest.write(RINGS, 8, DATA);
    guest.write(RINGS + 8, 8, header | 1L << 32 | 1L << 48);
    guest.write(RINGS + 16, 8, DATA + 64);
    guest.write(RINGS + 24, 8, sent | 1L << 32 | 2L << 48);
    guest.write(RINGS + 32, 8, DATA + 0x10000);
    guest.write(RINGS + 40, 8, (queue == 0 ? 5 : 108) | 3L << 32 | 3L << 48);
    guest.write(RINGS + 48, 8, random.nextInt(8) == 0 ? place(random) : DATA + 0x20000);
    guest.write(RINGS + 56, 8, room | 2L << 32);
    guest.write(RINGS + 0x1000, 8, 1L << 16);
    guest.write(BAR + 0x3000 + 4L * queue, 2, queue);
  }

  private static int scsiOperation(Random random) {
    int[] known = {
      0x00, 0x03, 0x04, 0x08, 0x0a, 0x12, 0x15, 0x1a, 0x1b, 0x1e, 0x25, 0x28, 0x2a, 0x2b, 0x2e,
      0x2f, 0x35, 0x41, 0x42, 0x43, 0x46, 0x4a, 0x51, 0x55, 0x5a, 0x88, 0x8a, 0x8f, 0x91, 0x93,
      0x9e, 0xa0, 0xa8, 0xaa, 0xbd,
    };
    return random.nextInt(8) == 0 ? random.nextInt(256) : known[random.nextInt(known.length)];
  }

  private static void ide(DrivenGuest guest, Random random) {
    guest.configure(1, 1, 0x20, 4, 0xc000);
    guest.configure(1, 1, 0x04, 2, random.nextInt(8) == 0 ? random.nextInt(8) : 7);
    int channel = random.nextInt(2);
    int command = channel == 0 ? 0x1f0 : 0x170;
    int master = 0xc000 + 8 * channel;
    for (int entry = 0; entry < 4; entry++) {
      long address = random.nextBoolean() ? place(random) : DATA + 0x1000L * entry;
      guest.write(RINGS + 8L * entry, 4, address);
      long last = random.nextInt(4) == 0 ? 0x80000000L : 0;
      guest.write(RINGS + 8L * entry + 4, 4, (length(random) & 0xffff) | last);
    }
    guest.out(master + 4, 4, random.nextInt(4) == 0 ? place(random) : RINGS);
    for (int round = 0; round < 3; round++) {
      guest.out(command + 6, 1, 0xe0 | random.nextInt(2) << 4);
      for (int register = 1; register < 6; register++) {
        guest.out(
            command + register,
            1,
            random.nextInt(3) == 0 ? random.nextInt(256) : random.nextInt(3));
      }
      guest.out(command + 7, 1, ideCommand(random));
      switch (random.nextInt(4)) {
        case 0 -> guest.out(master, 1, 1 | random.nextInt(2) << 3);
        case 1 -> {
          for (int word = 0; word < 6; word++) { // a packet, or the beginning of a sector
            guest.out(command, 2, random.nextInt(4) == 0 ? random.nextInt() : packet(random, word));
          }
          guest.out(master, 1, 9);
        }
        case 2 -> {
          for (int word = 0; word < 40; word++) {
            guest.in(command, 1 << random.nextInt(3));
          }
        }
        default -> {}
      }
      for (int more = random.nextInt(5); more > 0; more--) {
        switch (random.nextInt(4)) {
          case 0 -> guest.anyPort(random, command, 8);
          case 1 -> guest.anyPort(random, command + 0x206, 1);
          case 2 -> guest.anyPort(random, 0xc000, 16);
          default -> guest.in(command + 7, 1);
        }
      }
    }
  }

  private static int ideCommand(Random random) {
    int[] known = {
      0x00, 0x08, 0x10, 0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0x3d, 0x40, 0x90, 0x91,
      0xa0, 0xa1, 0xb0, 0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0xe7, 0xea, 0xec, 0xef, 0xf8,
    };
    return random.nextInt(8) == 0 ? random.nextInt(256) : known[random.nextInt(known.length)];
  }

  private static int packet(Random random, int word) {
    int[] known = {
      0x00, 0x03, 0x12, 0x1a, 0x1b, 0x1e, 0x23, 0x25, 0x28, 0x2b, 0x42, 0x43, 0x46, 0x4a, 0x51,
      0x52, 0x55, 0x5a, 0xa8, 0xad, 0xbd, 0xbe,
    };
    return word == 0
        ? known[random.nextInt(known.length)] | random.nextInt(256) << 8
        : random.nextInt(8);
  }

  private static void floppy(DrivenGuest guest, Random random) {
    guest.out(0x3f2, 1, 0x1c | random.nextInt(4));
    guest.out(0x0a, 1, random.nextInt(8));
    guest.out(0x0c, 1, 0);
    guest.out(
        0x0b, 1, random.nextInt(4) == 0 ? random.nextInt(256) : 0x42 | random.nextInt(4) << 2);
    for (int port : new int[] {4, 4, 5, 5, 0x81}) {
      guest.out(port, 1, random.nextInt(3) == 0 ? 255 : random.nextInt(256));
    }
    guest.out(0x0a, 1, random.nextInt(4) == 0 ? random.nextInt(8) : 2);
    for (int round = 0; round < 3; round++) {
      int[] known = {
        0x02, 0x03, 0x04, 0x06, 0x07, 0x08, 0x0a, 0x0d, 0x0e, 0x0f, 0x10, 0x12, 0x13, 0x14, 0x18,
        0x42, 0x45, 0x46, 0x4a, 0x4c, 0x4d, 0x56, 0x8e, 0x94, 0xc5, 0xc6, 0xe6,
      };
      guest.out(
          0x3f5,
          1,
          random.nextInt(8) == 0 ? random.nextInt(256) : known[random.nextInt(known.length)]);
      for (int word = random.nextInt(9); word > 0; word--) {
        guest.out(0x3f5, 1, random.nextInt(4) == 0 ? random.nextInt(256) : random.nextInt(4));
      }
      for (int more = random.nextInt(12); more > 0; more--) {
        switch (random.nextInt(6)) {
          case 0 -> guest.anyPort(random, 0, 16);
          case 1 -> guest.anyPort(random, 0xc0, 32);
          case 2 -> guest.anyPort(random, 0x3f0, 8);
          case 3 -> guest.say("clock_step " + random.nextInt(2_000_000));
          default -> guest.in(0x3f5, 1);
        }
      }
    }
  }

  private static void firmware(DrivenGuest guest, Random random) {
    for (int round = 0; round < 4; round++) {
      long at = random.nextInt(5) == 0 ? place(random) : RINGS + random.nextInt(0x20);
      int key = random.nextInt(4) == 0 ? random.nextInt(0x10000) : random.nextInt(0x30);
      long control = (long) key << 16 | random.nextInt(64);
      long length = random.nextInt(5) == 0 ? random.nextInt() : length(random);
      guest.write(at, 4, Integer.reverseBytes((int) control));
      guest.write(at + 4, 4, Integer.reverseBytes((int) length));
      guest.write(at + 8, 8, Long.reverseBytes(random.nextInt(3) == 0 ? place(random) : DATA));
      guest.out(0x514, 4, Integer.reverseBytes((int) (at >>> 32)));
      guest.out(0x518, 4, Integer.reverseBytes((int) at));
      guest.anyPort(random, 0x510, 12);
      guest.out(0x510, 2, key);
      guest.in(0x511, 1);
    }
  }

  private static void timers(DrivenGuest guest, Random random) {
    for (int round = 0; round < 12; round++) {
      switch (random.nextInt(6)) {
        case 0 -> guest.anyPort(random, 0x40, 4);
        case 1 -> guest.anyPort(random, 0x61, 1);
        case 2 -> {
          guest.out(0x70, 1, random.nextInt(random.nextBoolean() ? 16 : 128));
          guest.anyPort(random, 0x70, 2);
        }
        case 3 -> guest.anyAddress(random, 0xfed00000L, 0x200);
        case 4 -> {
          guest.configure(1, 3, 0x40, 4, 0x600);
          guest.configure(1, 3, 0x80, 1, 1);
          guest.anyPort(random, 0x600, 64);
        }
        default -> guest.say("clock_step " + (1L << random.nextInt(28)));
      }
    }
  }

  private static void interrupts(DrivenGuest guest, Random random) {
    for (int round = 0; round < 16; round++) {
      switch (random.nextInt(7)) {
        case 0 -> guest.anyPort(random, 0x20, 2);
        case 1 -> guest.anyPort(random, 0xa0, 2);
        case 2 -> guest.anyPort(random, 0x4d0, 2);
        case 3 -> {
          guest.write(0xfec00000L, 4, random.nextInt(64));
          guest.anyAddress(random, 0xfec00010L, 4);
        }
        case 4 -> guest.anyAddress(random, 0xfee00000L, 0x400);
        case 5 -> guest.say("clock_step " + (1L << random.nextInt(24)));
        default ->
            guest.say(
                "set_irq_in ioapic unnamed-gpio-in "
                    + random.nextInt(26)
                    + " "
                    + random.nextInt(2));
      }
    }
  }

  private static void serialAndKeyboard(DrivenGuest guest, Random random) {
    for (int round = 0; round < 16; round++) {
      switch (random.nextInt(6)) {
        case 0 -> guest.anyPort(random, 0x3f8, 8);
        case 1 -> guest.anyPort(random, 0x378, 3);
        case 2 -> guest.out(0x64, 1, random.nextInt(256));
        case 3 -> guest.out(0x60, 1, random.nextInt(256));
        case 4 -> guest.anyPort(random, 0x92, 1);
        default -> guest.anyPort(random, 0x60, 6);
      }
    }
  }

  private static void display(DrivenGuest guest, Random random) {
    guest.configure(3, 0, 0x10, 4, 0xf0000000L);
    guest.configure(3, 0, 0x18, 4, 0xf1000000L);
    guest.configure(3, 0, 0x30, 4, 0xf1010001L);
    guest.configure(3, 0, 0x04, 2, 7);
    for (int round = 0; round < 24; round++) {
      switch (random.nextInt(6)) {
        case 0 -> {
          guest.out(0x1ce, 2, random.nextInt(12));
          guest.out(0x1cf, 2, random.nextBoolean() ? random.nextInt(0x10000) : random.nextInt(128));
        }
        case 1 -> guest.anyPort(random, 0x3b0, 48);
        case 2 -> guest.anyAddress(random, 0xa0000, 0x20000);
        case 3 -> guest.anyAddress(random, 0xf0000000L, 0x1000000);
        case 4 -> guest.anyAddress(random, 0xf1000000L, 0x1000);
        default -> guest.out(0x3c0 + 2 * random.nextInt(8), 2, random.nextInt());
      }
    }
  }

  /** Cards over memory, over registers, over each other, and nowhere. */
  private static void pci(DrivenGuest guest, Random random) {
    for (int round = 0; round < 8; round++) {
      int slot = random.nextInt(10);
      int function = slot == 1 ? random.nextInt(5) : random.nextInt(2);
      int register = random.nextBoolean() ? 0x10 + 4 * random.nextInt(9) : random.nextInt(256);
      long value = random.nextInt(3) == 0 ? DrivenGuest.anyValue(random) : place(random);
      guest.configure(slot, function, register, 1 << random.nextInt(3), value);
      guest.configure(slot, function, 4, 2, random.nextInt(3) == 0 ? random.nextInt() : 7);
      guest.anyPort(random, random.nextBoolean() ? 0xcf8 : 0xc000, 0x500);
      guest.anyAddress(random, place(random), 64);
    }
  }
}
