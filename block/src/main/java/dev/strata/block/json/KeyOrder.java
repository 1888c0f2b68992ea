// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.json;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The order in which an object's members are printed.
 *
 * <p>The reference prints them by the bucket of a hash table with 512 buckets, whatever the order
 * they came in: {@code virtual-size, filename, cluster-size, format, …}. Its hash is that of the
 * Trivial Database: start with {@code 0x238F13AF * length}, add each byte shifted left by {@code 5
 * * index mod 24}, end with {@code 1103515243 * h + 12345}, all modulo 2^32. Of two keys in one
 * bucket the one inserted later comes first. Files and scripts hold such text, and {@code json:}
 * names are compared as text, so the order is part of the format.
 */
public enum KeyOrder {
  /** As put into the object. */
  INSERTION,
  /** As the reference prints. */
  REFERENCE;

  private static final int BUCKETS = 512;

  List<String> keys(JsonObject object) {
    if (this == INSERTION || object.size() < 2) {
      return new ArrayList<>(object.keys());
    }
    var out = new ArrayList<>(object.keys());
    Collections.reverse(out); // the sort is stable: within a bucket, the latest first
    out.sort((a, b) -> Integer.compare(bucket(a), bucket(b)));
    return out;
  }

  /** The place of {@code key} in the reference's order, 0 to 511. */
  public static int bucket(String key) {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    int hash = 0x238F13AF * bytes.length;
    for (int i = 0; i < bytes.length; i++) {
      hash += (bytes[i] & 0xff) << (i * 5 % 24);
    }
    return (1103515243 * hash + 12345) & (BUCKETS - 1);
  }
}
