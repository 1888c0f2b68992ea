// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.qcow2;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import dev.strata.formats.crypto.EncryptionOptions;
import org.jspecify.annotations.Nullable;

/**
 * The options of an open qcow2 node.
 *
 * @param passOn whether the storage of freed clusters goes back to the file, by {@link
 *     FreedClusters.Reason}
 * @param overlapChecks {@link OverlapCheck} sections
 * @param cacheCleanSeconds after which unused tables are dropped; 0 for never
 * @see "QEMU qapi/block-core.json, BlockdevOptionsQcow2"
 */
record Qcow2Options(
    @Nullable Boolean lazyRefcounts,
    boolean[] passOn,
    int overlapChecks,
    @Nullable Long cacheSize,
    @Nullable Long l2CacheSize,
    @Nullable Long l2CacheEntrySize,
    @Nullable Long refcountCacheSize,
    long cacheCleanSeconds) {
  private static final Option<Boolean> LAZY_REFCOUNTS =
      Option.bool("lazy-refcounts", "Postpone refcount updates");
  private static final Option<Boolean> PASS_REQUEST =
      Option.bool("pass-discard-request", "Pass guest discard requests to the layer below");
  private static final Option<Boolean> PASS_SNAPSHOT =
      Option.bool(
          "pass-discard-snapshot",
          "Generate discard requests when snapshot related space" + " is freed");
  private static final Option<Boolean> PASS_OTHER =
      Option.bool("pass-discard-other", "Generate discard requests when other clusters are freed");
  private static final Option<String> OVERLAP_CHECK =
      Option.string(
          "overlap-check",
          "Selects which overlap checks to perform from a range of"
              + " templates (none, constant, cached, all)");
  private static final Option<Long> CACHE_SIZE =
      Option.size(
          "cache-size",
          "Maximum combined metadata (L2 tables and refcount blocks) cache" + " size");
  private static final Option<Long> L2_CACHE_SIZE =
      Option.size("l2-cache-size", "Maximum L2 table cache size");
  private static final Option<Long> L2_CACHE_ENTRY_SIZE =
      Option.size("l2-cache-entry-size", "Size of each entry in the L2 cache");
  private static final Option<Long> REFCOUNT_CACHE_SIZE =
      Option.size("refcount-cache-size", "Maximum refcount block cache size");
  private static final Option<Long> CACHE_CLEAN_INTERVAL =
      Option.number(
          "cache-clean-interval", "Clean unused cache entries after this time (in" + " seconds)");
  private static final Option<String> ENCRYPT_FORMAT =
      Option.string("encrypt.format", "Encryption format, as the image's header has it")
          .suggesting("aes", "luks");
  private static final Option<String> KEY_SECRET =
      Option.string(
          EncryptionOptions.KEY_SECRET, "ID of secret providing qcow AES key or LUKS passphrase");

  static final OptionSchema SCHEMA =
      OptionSchema.of(
          LAZY_REFCOUNTS,
          PASS_REQUEST,
          PASS_SNAPSHOT,
          PASS_OTHER,
          OVERLAP_CHECK,
          CACHE_SIZE,
          L2_CACHE_SIZE,
          L2_CACHE_ENTRY_SIZE,
          REFCOUNT_CACHE_SIZE,
          CACHE_CLEAN_INTERVAL,
          ENCRYPT_FORMAT,
          KEY_SECRET);

  private static final long DEFAULT_CLEAN_SECONDS = 600;

  /**
   * Takes the options of an image that is being opened out of {@code given}.
   *
   * @param unmap whether the node is open with discards carried out
   */
  static Qcow2Options take(BlockOptions given, boolean unmap) throws BlockException {
    var defaults =
        new Qcow2Options(
            null,
            new boolean[] {unmap, true, false},
            OverlapCheck.CACHED,
            null,
            null,
            null,
            null,
            DEFAULT_CLEAN_SECONDS);
    return defaults.changed(given);
  }

  /** These options with those that are taken out of {@code given}. */
  Qcow2Options changed(BlockOptions given) throws BlockException {
    boolean[] pass = {
      given.take(PASS_REQUEST, passOn[0]),
      given.take(PASS_SNAPSHOT, passOn[1]),
      given.take(PASS_OTHER, passOn[2])
    };
    Long clean = given.takeNumber(CACHE_CLEAN_INTERVAL.name());
    if (clean != null && (clean < 0 || clean > 0xffffffffL)) {
      throw new BlockException(Errno.EINVAL, "Cache clean interval too big");
    }
    Boolean lazy = given.takeBool(LAZY_REFCOUNTS.name());
    return new Qcow2Options(
        lazy != null ? lazy : lazyRefcounts,
        pass,
        overlapChecks(given),
        size(given, CACHE_SIZE, cacheSize),
        size(given, L2_CACHE_SIZE, l2CacheSize),
        size(given, L2_CACHE_ENTRY_SIZE, l2CacheEntrySize),
        size(given, REFCOUNT_CACHE_SIZE, refcountCacheSize),
        clean != null ? clean : cacheCleanSeconds);
  }

  private static @Nullable Long size(
      BlockOptions given, Option<Long> option, @Nullable Long otherwise) throws BlockException {
    Long size = given.takeSize(option.name());
    return size != null ? size : otherwise;
  }

  private int overlapChecks(BlockOptions options) throws BlockException {
    String plain = options.takeString("overlap-check");
    String template = options.takeString("overlap-check.template");
    if (plain != null && template != null && !plain.equals(template)) {
      throw new BlockException(
          Errno.EINVAL,
          "Conflicting values for qcow2 options 'overlap-check' ('"
              + plain
              + "') and 'overlap-check.template' ('"
              + template
              + "')");
    }
    String chosen = plain != null ? plain : template;
    int sections = chosen == null ? overlapChecks : overlapSections(chosen);
    for (int i = 0; i < OverlapCheck.NAMES.length; i++) {
      Boolean single = options.takeBool("overlap-check." + OverlapCheck.NAMES[i]);
      if (single != null) {
        sections = single ? sections | 1 << i : sections & ~(1 << i);
      }
    }
    return sections;
  }

  private static int overlapSections(String template) throws BlockException {
    return switch (template) {
      case "none" -> 0;
      case "constant" -> OverlapCheck.CONSTANT;
      case "cached" -> OverlapCheck.CACHED;
      case "all" -> OverlapCheck.ALL;
      default ->
          throw new BlockException(
              Errno.EINVAL,
              "Unsupported value '"
                  + template
                  + "' for qcow2 option 'overlap-check'. Allowed are any of the following:"
                  + " none, constant, cached, all");
    };
  }
}
