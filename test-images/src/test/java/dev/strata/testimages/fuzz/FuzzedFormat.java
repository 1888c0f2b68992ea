// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.option.BlockOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A format whose images are damaged: one to come is a line here.
 *
 * @param options to open them by
 * @param sound images that are in order
 * @param order of the bytes of its numbers
 * @param finish what an attacker makes right again, as checksums
 * @param places where it has something to damage
 */
record FuzzedFormat(
    String name,
    BlockOptions options,
    List<byte[]> sound,
    ByteOrder order,
    UnaryOperator<byte[]> finish,
    int... places) {
  private static final ByteOrder BIG = ByteOrder.BIG_ENDIAN;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final UnaryOperator<byte[]> AS_IT_IS = UnaryOperator.identity();

  /** Those whose images can be changed. */
  static final List<String> WRITABLE =
      List.of("qcow2", "parallels", "qcow", "qed", "vdi", "vpc", "vhdx", "vmdk");

  /** Those whose images can only be read, or only be looked at. */
  static final List<String> READABLE = List.of("luks", "luks2", "bochs", "cloop", "dmg", "archive");

  /** The format of that name. */
  static FuzzedFormat named(String name) {
    return switch (name) {
      // Without a thread for each image.
      case "qcow2" -> of(name, Seeds.qcow2(), BIG, AS_IT_IS).by("cache-clean-interval", "0");
      case "parallels" ->
          of(name, Seeds.parallels(), LITTLE, Checksums::parallels).by("prealloc-size", "65536");
      case "qcow" -> of(name, Seeds.qcow(), BIG, AS_IT_IS);
      case "qed" -> of(name, Seeds.qed(), LITTLE, AS_IT_IS);
      case "vdi" -> of(name, Seeds.vdi(), LITTLE, AS_IT_IS);
      case "vpc" -> of(name, Seeds.vpc(), BIG, Checksums::vpc);
      case "vhdx" -> of(name, Seeds.vhdx(), LITTLE, Checksums::vhdx, Seeds.VHDX_PLACES);
      case "vmdk" -> of(name, VmdkSeeds.all(), LITTLE, AS_IT_IS);
      case "luks" -> of(name, Seeds.luks(), BIG, AS_IT_IS);
      case "luks2" ->
          of(name, Luks2Seeds.all(), BIG, Checksums::luks2, Luks2Seeds.PLACES).by("driver", "luks");
      case "bochs" -> of(name, ForeignSeeds.bochs(), LITTLE, AS_IT_IS);
      case "cloop" -> of(name, ForeignSeeds.cloop(), BIG, AS_IT_IS);
      case "archive" -> of(name, ArchiveSeeds.all(), LITTLE, AS_IT_IS);
      case "dmg" -> of(name, ForeignSeeds.dmg(), BIG, AS_IT_IS);
      default -> throw new IllegalArgumentException("No format " + name);
    };
  }

  private static FuzzedFormat of(
      String name,
      List<byte[]> sound,
      ByteOrder order,
      UnaryOperator<byte[]> finish,
      int... places) {
    BlockOptions options = BlockOptions.of("driver", name);
    return new FuzzedFormat(name, options, sound, order, finish, places);
  }

  private FuzzedFormat by(String option, String value) {
    options.put(option, value);
    return this;
  }

  /** Whether nobody has the key, so that only what is said before it is asked for is read. */
  boolean isLocked() {
    return name.startsWith("luks");
  }

  /** The image that a script describes. */
  byte[] image(byte[] script) {
    return finish.apply(new Damage(order, sound, places).image(script));
  }

  /** The number at that place of an image, 8 bytes long. */
  long number(byte[] image, int at) {
    return ByteBuffer.wrap(image).order(order).getLong(at);
  }
}
