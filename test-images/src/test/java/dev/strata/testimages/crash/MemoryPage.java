// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.crash;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A part of files in memory. One that several of them share does not change any more.
 *
 * <p>A page that is not shared is guarded by the lock of the file that it belongs to.
 */
final class MemoryPage {
  /** How long pages are. */
  static final int BYTES = 4 << 10;

  /** What a hole reads as. */
  static final MemoryPage ZEROES = new MemoryPage(new byte[BYTES]);

  static {
    ZEROES.share();
  }

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** Two numbers that together hardly any two contents have in common. */
  private record Hash(long high, long low) {}

  private final byte[] bytes;
  private volatile boolean shared;
  private volatile @Nullable Hash hash; // of a shared page, once somebody wanted to know

  private MemoryPage(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Belongs to more than one file from now on. */
  void share() {
    shared = true;
  }

  /** This page, or a copy, which may be written to. */
  MemoryPage own() {
    return shared ? new MemoryPage(bytes.clone()) : this;
  }

  byte[] bytes() {
    return bytes;
  }

  /** Has the content's hash go into another one. */
  void addTo(StateHash state) {
    Hash known = hash;
    if (known == null) {
      boolean lasts = shared; // looked at before the bytes are
      known = hash();
      hash = lasts ? known : null;
    }
    state.add(known.high);
    state.add(known.low);
  }

  private Hash hash() {
    var own = new StateHash();
    for (int at = 0; at < BYTES; at += 8) {
      own.add((long) LONGS.get(bytes, at));
    }
    StateHash.Value value = own.value();
    return new Hash(value.high(), value.low());
  }
}
