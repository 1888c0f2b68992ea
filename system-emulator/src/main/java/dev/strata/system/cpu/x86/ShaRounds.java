// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

/** SHA1RNDS4, SHA256RNDS2 and what schedules their messages (FIPS 180-4; Intel SDM, volume 2). */
final class ShaRounds {
  private static final int[] CONSTANTS = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};

  private final VectorOperands in;

  ShaRounds(VectorOperands in) {
    this.in = in;
  }

  private void set(int d0, int d1, int d2, int d3) {
    in.set((d0 & 0xffffffffL) | (long) d1 << 32, (d2 & 0xffffffffL) | (long) d3 << 32);
  }

  /** An instruction of the map 0F 38. */
  void run(int opcode) {
    in.read(true);
    long x = in.xmm[in.to()];
    long y = in.xmm[in.to() + 1];
    int a0 = (int) x;
    int a1 = (int) (x >>> 32);
    int a2 = (int) y;
    int a3 = (int) (y >>> 32);
    int b0 = (int) in.low;
    int b1 = (int) (in.low >>> 32);
    int b2 = (int) in.high;
    int b3 = (int) (in.high >>> 32);
    switch (opcode) {
      case 0xc8 -> set(b0, b1, b2, b3 + Integer.rotateLeft(a3, 30)); // SHA1NEXTE
      case 0xc9 -> set(b2 ^ a0, b3 ^ a1, a0 ^ a2, a1 ^ a3); // SHA1MSG1
      case 0xca -> { // SHA1MSG2
        int w16 = Integer.rotateLeft(a3 ^ b2, 1);
        int w17 = Integer.rotateLeft(a2 ^ b1, 1);
        int w18 = Integer.rotateLeft(a1 ^ b0, 1);
        set(Integer.rotateLeft(a0 ^ w16, 1), w18, w17, w16);
      }
      case 0xcb -> rounds256(a0, a1, a2, a3, b0, b1, b2, b3);
      case 0xcc -> // SHA256MSG1
          set(a0 + small0(a1), a1 + small0(a2), a2 + small0(a3), a3 + small0(b0));
      default -> { // SHA256MSG2
        int w16 = a0 + small1(b2);
        int w17 = a1 + small1(b3);
        set(w16, w17, a2 + small1(w16), a3 + small1(w17));
      }
    }
  }

  private static int small0(int w) {
    return Integer.rotateRight(w, 7) ^ Integer.rotateRight(w, 18) ^ w >>> 3;
  }

  private static int small1(int w) {
    return Integer.rotateRight(w, 17) ^ Integer.rotateRight(w, 19) ^ w >>> 10;
  }

  /** Two rounds; the words, with their constants, are in XMM0 (section 6.2.2). */
  private void rounds256(int h, int g, int d, int c, int f, int e, int b, int a) {
    for (int i = 0; i < 2; i++) {
      int word = (int) (in.xmm[0] >>> (32 * i));
      int sum1 =
          Integer.rotateRight(e, 6) ^ Integer.rotateRight(e, 11) ^ Integer.rotateRight(e, 25);
      int first = h + sum1 + ((e & f) ^ (~e & g)) + word;
      int sum0 =
          Integer.rotateRight(a, 2) ^ Integer.rotateRight(a, 13) ^ Integer.rotateRight(a, 22);
      int second = sum0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + first;
      d = c;
      c = b;
      b = a;
      a = first + second;
    }
    set(f, e, b, a);
  }

  /** SHA1RNDS4: four rounds, of which the immediate tells the function (section 6.1.2). */
  void rounds1(int immediate) {
    in.read(true);
    int which = immediate & 3;
    int d = (int) in.xmm[in.to()];
    int c = (int) (in.xmm[in.to()] >>> 32);
    int b = (int) in.xmm[in.to() + 1];
    int a = (int) (in.xmm[in.to() + 1] >>> 32);
    int e = 0; // The first word has it added.
    for (int i = 3; i >= 0; i--) {
      int word = (int) ((i < 2 ? in.low : in.high) >>> (32 * (i & 1)));
      int function =
          switch (which) {
            case 0 -> (b & c) ^ (~b & d);
            case 2 -> (b & c) ^ (b & d) ^ (c & d);
            default -> b ^ c ^ d;
          };
      int next = Integer.rotateLeft(a, 5) + function + e + CONSTANTS[which] + word;
      e = d;
      d = c;
      c = Integer.rotateLeft(b, 30);
      b = a;
      a = next;
    }
    set(d, c, b, a);
  }
}
