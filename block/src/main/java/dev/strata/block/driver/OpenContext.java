// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.bitmap.BitmapSet;
import dev.strata.block.bitmap.DirtyBitmap;
import dev.strata.block.object.ObjectRegistry;
import org.jspecify.annotations.Nullable;

/** What the graph offers to a driver; valid as long as the driver is open. */
public interface OpenContext {
  /** The node's name. */
  String nodeName();

  /** How the node is opened now. */
  NodeFlags flags();

  /**
   * Says that this driver cannot write: the node becomes read-only if it may ({@code
   * auto-read-only}).
   *
   * @throws BlockException if it may not
   */
  void becomeReadOnly() throws BlockException;

  /**
   * Opens the child that the options describe under {@code edge}.
   *
   * @throws BlockException if it cannot be opened or the options say nothing of it
   */
  Child child(String edge, EdgeRole role) throws BlockException;

  /** As {@link #child}, but null if the options say nothing of it. */
  @Nullable Child optionalChild(String edge, EdgeRole role) throws BlockException;

  /**
   * As {@link #child}, with a file name that the user gave beside the child's options.
   *
   * @param filename null if there is none
   */
  Child childNamedByUser(String edge, EdgeRole role, @Nullable String filename)
      throws BlockException;

  /**
   * Opens a child whose name was read from the image, if the user's policy allows that.
   *
   * @param filename as stored in the image
   */
  Child childNamedByImage(String edge, EdgeRole role, String filename) throws BlockException;

  /**
   * The name of a file that the image names, absolute or relative to the image's folder, as seen
   * from here.
   *
   * @throws BlockException if it is relative and the image is in no folder
   */
  String besideImage(String filename) throws BlockException;

  /**
   * Opens a file that the image names, if the user's policy allows that: never by another protocol
   * than the image's own, whatever the name looks like.
   *
   * @param filename as {@link #besideImage} has it
   */
  Child fileNamedByImage(String edge, EdgeRole role, String filename) throws BlockException;

  /** The backing child as of now, or null; a driver asks again with every request. */
  @Nullable Child backing();

  /**
   * What {@link BlockDriver#childPermissions} answers has changed.
   *
   * @throws BlockException if the permissions cannot be had; the old ones then stay in force
   */
  void permissionsChanged() throws BlockException;

  /** Whether the node has users now, even such as do nothing with it. */
  boolean isUsed();

  /** The node's dirty bitmaps: a format loads those that the image keeps. */
  BitmapSet bitmaps();

  /**
   * A dirty bitmap of any node.
   *
   * @throws BlockException if there is no such node or bitmap
   */
  DirtyBitmap bitmap(String nodeName, String name) throws BlockException;

  /** The objects that options refer to by id. */
  ObjectRegistry objects();

  /** Buffers for whatever the driver has to copy. */
  BufferPool buffers();

  /** Times and identifiers for the image. */
  ImageStamp stamp();

  /** Whether nobody named this driver: the first bytes of the file looked like it. */
  boolean probed();

  /** The name of the format that these first bytes of an image look like. */
  String probe(byte[] head) throws BlockException;

  /**
   * The layers of a child's image down to one.
   *
   * @param nodeName of the last one
   * @throws BlockException if there is no such node, or it is a filter
   */
  LayerStatus layersDownTo(Child child, String nodeName) throws BlockException;

  /** Tells the user something that does not keep the node from opening; one line. */
  void warn(String line);

  /** Tells the graph's owner what befalls the node, from inside a request or not. */
  void tell(BlockEvent event);
}
