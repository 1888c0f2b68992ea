// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.mutation;

import java.util.List;
import java.util.SplittableRandom;

/** Damages an image: mostly one field, now and then several, or its length. */
final class Mutation {
  private static final int SECTOR = 512;

  private final ImageBytes image;
  private final Layout layout;
  private final SplittableRandom random;
  private final StringBuilder description = new StringBuilder();

  private Mutation(ImageBytes image, Layout layout, SplittableRandom random) {
    this.image = image;
    this.layout = layout;
    this.random = random;
  }

  /**
   * Damages {@code image}.
   *
   * @return what was done
   */
  static String of(ImageBytes image, Layout layout, long seed) {
    var mutation = new Mutation(image, layout, new SplittableRandom(seed));
    int changes = mutation.random.nextInt(3) > 0 ? 1 : 2 + mutation.random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      mutation.damage();
    }
    return mutation.description.toString();
  }

  private void damage() {
    int kind = random.nextInt(40);
    if (kind == 0) {
      resize();
    } else if (kind == 1) {
      overwrite();
    } else {
      Field field = any(layout.fields(any(layout.structures())));
      if (image.contains(field.offset(), field.width())) {
        change(field);
      }
    }
  }

  private <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private void tell(String what) {
    description.append(description.isEmpty() ? "" : ", ").append(what);
  }

  private void resize() {
    int length = image.length();
    int to =
        switch (random.nextInt(6)) {
          case 0 -> length - 1;
          case 1 -> length + 1 + random.nextInt(2 * SECTOR);
          case 2 -> any(layout.places()).intValue();
          case 3 -> any(layout.places()).intValue() + 1 + random.nextInt(SECTOR);
          case 4 -> random.nextInt(length + 1) & -SECTOR;
          default -> random.nextInt(length + 1);
        };
    image.resize(Math.max(0, to));
    tell("length " + length + " -> " + image.length());
  }

  /** One structure in the place of another. */
  private void overwrite() {
    int length = 1 << (3 + random.nextInt(10));
    int from = any(layout.places()).intValue();
    int to = any(layout.places()).intValue();
    if (from + length <= image.length() && to + length <= image.length()) {
      image.move(from, to, length);
      tell(length + " bytes from " + hex(from) + " to " + hex(to));
    }
  }

  private void change(Field field) {
    long old = image.get(field.offset(), field.width());
    long value =
        field.points() && random.nextInt(3) > 0 ? otherPlace(field, old) : other(old, field);
    long bits = field.width() == 8 ? -1 : (1L << (8 * field.width())) - 1;
    image.put(field.offset(), field.width(), value);
    tell(
        field.structure()
            + " "
            + field.name()
            + " at "
            + hex(field.offset())
            + ": "
            + hex(old)
            + " -> "
            + hex(value & bits));
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }

  /** The entry's flags with another place, plausible or not. */
  private long otherPlace(Field field, long old) {
    long end = image.length();
    long place =
        switch (random.nextInt(10)) {
          case 0, 1, 2, 3 -> any(layout.places());
          case 4 -> any(layout.places()) + (1L << random.nextInt(16));
          case 5 -> end;
          case 6 -> end + (1L << random.nextInt(30));
          case 7 -> 1L << random.nextInt(63);
          case 8 -> end - SECTOR;
          default -> Long.MAX_VALUE >>> random.nextInt(16) & -SECTOR;
        };
    long moved = place / field.unit();
    long flags = old & ~field.target();
    return flags | (random.nextInt(8) == 0 ? moved : moved & field.target());
  }

  private long other(long old, Field field) {
    int width = 8 * field.width();
    return switch (random.nextInt(14)) {
      case 0 -> 0;
      case 1 -> 1;
      case 2 -> -1;
      case 3 -> old + 1;
      case 4 -> old - 1;
      case 5, 6, 7 -> old ^ (1L << random.nextInt(width));
      case 8 -> 1L << random.nextInt(width);
      case 9 -> (1L << random.nextInt(width)) - 1;
      case 10 -> -1L >>> (64 - width) >>> 1; // the largest that is positive
      case 11 -> old * 2 + random.nextInt(2);
      case 12 -> old >>> 1;
      default -> random.nextLong();
    };
  }
}
