// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What tells images and their states apart: times and identifiers that formats write into them.
 * Thread-safe.
 */
public final class ImageStamp {
  private final @Nullable Instant fixed;
  private final AtomicInteger count = new AtomicInteger();

  private ImageStamp(@Nullable Instant fixed) {
    this.fixed = fixed;
  }

  /** The clock's time and random identifiers. */
  public static ImageStamp live() {
    return new ImageStamp(null);
  }

  /** Always that time, and the same identifiers in the same order: results are reproducible. */
  public static ImageStamp fixed(Instant time) {
    return new ImageStamp(time);
  }

  /** The time. */
  public Instant now() {
    return fixed == null ? Instant.now() : fixed;
  }

  /** An identifier that nothing else has. */
  public UUID newId() {
    if (fixed == null) {
      return UUID.randomUUID();
    }
    String name = fixed.getEpochSecond() + " " + count.getAndIncrement();
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.US_ASCII));
  }
}
