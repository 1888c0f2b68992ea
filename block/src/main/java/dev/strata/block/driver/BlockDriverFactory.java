// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A block driver as the graph finds it: a service, one {@code provides} line in a module.
 * Stateless.
 */
public interface BlockDriverFactory {
  /** The driver's name, as in {@code -f} and {@code driver=}. */
  String name();

  /** Where in the graph it stands. */
  DriverKind kind();

  /** The options of an open node that are the driver's own, without those all drivers have. */
  OptionSchema openOptions();

  /** Those of {@link #openOptions} that are as by default when a node is reopened without them. */
  default List<String> resettableOptions() {
    return List.of();
  }

  /** The options of a new image; empty if the driver creates none. */
  default OptionSchema createOptions() {
    return OptionSchema.of();
  }

  /** The creation options that can be changed later; empty if none can. */
  default OptionSchema amendOptions() {
    return OptionSchema.of();
  }

  /** Whether it creates images. */
  default boolean creates() {
    return false;
  }

  /** Whether its images can store clusters compressed. */
  default boolean compresses() {
    return false;
  }

  /** Whether its images can be made longer once they are there. */
  default boolean grows() {
    return false;
  }

  /** Whether its images have a backing file. */
  default boolean supportsBacking() {
    return false;
  }

  /**
   * The option names without which the same content cannot be opened again: they appear in the
   * {@code json:} file name of a node. A name that ends with a dot is for all that begin with it.
   */
  default List<String> contentOptions() {
    return List.of();
  }

  /**
   * Whether every option but those of children belongs to the content: {@link #contentOptions} is
   * not asked then, and the driver's own {@code exactFilename} says when none is needed.
   */
  default boolean everyOptionIsContent() {
    return false;
  }

  /**
   * Of a protocol, or of a filter that file names can ask for: the {@code name:} prefix of its file
   * names, or null if it has none.
   */
  default @Nullable String protocol() {
    return null;
  }

  /** Whether file names that begin with {@code prefix:} are for this driver. */
  default boolean answersTo(String prefix) {
    return prefix.equals(protocol());
  }

  /**
   * How surely these are the first bytes of an image of this format: 0 (not) to 100.
   *
   * @param head up to 2048 bytes, zeroes beyond a shorter file's end
   * @param filename of the file probed
   */
  default int probe(byte[] head, String filename) {
    return 0;
  }

  /** Of a protocol: how surely a plain {@code filename} is for this driver: 0 (not) to 100. */
  default int probeDevice(String filename) {
    return 0;
  }

  /**
   * Of a protocol: turns a file name into options and puts them into {@code options}.
   *
   * @throws BlockException if the name makes no sense
   */
  default void parseFilename(String filename, BlockOptions options) throws BlockException {
    options.put("filename", filename);
  }

  /** Opens a node; takes from {@code options} all it understands. */
  BlockDriver open(OpenContext context, BlockOptions options) throws BlockException;

  /** Creates an image; takes from {@code options} all it understands. */
  default void create(CreateContext context, BlockOptions options) throws BlockException {
    throw new BlockException(
        Errno.EOPNOTSUPP, "Format driver '" + name() + "' does not support image creation");
  }
}
