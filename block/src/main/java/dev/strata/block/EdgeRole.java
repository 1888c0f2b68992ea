// SPDX-License-Identifier: Apache-2.0
package dev.strata.block;

/** What a child is to the node that uses it; the permissions that it takes follow from this. */
public enum EdgeRole {
  /** The file that holds an image, metadata and data: the edge {@code file}. */
  IMAGE,
  /** The file that holds an image's metadata while its data lie elsewhere. */
  METADATA,
  /** The file that holds guest data alone: {@code data-file}. */
  DATA,
  /** What shines through where the image holds nothing: {@code backing}. */
  BACKING,
  /** The node whose requests a filter passes on: {@code file} of {@code blkdebug}, for one. */
  FILTERED
}
