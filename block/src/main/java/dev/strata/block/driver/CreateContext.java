// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.driver;

import dev.strata.block.BlockException;
import dev.strata.block.BlockIo;
import dev.strata.block.BufferPool;
import dev.strata.block.Child;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;

/** What the graph offers to a driver that creates an image; valid during that call. */
public interface CreateContext {
  /** The name of the image to create, as the user gave it. */
  String filename();

  /**
   * Creates the file below the format through its protocol driver, empty, and opens it for writing
   * and growing. What the options leave over for the protocol ({@code nocow}) goes there.
   */
  Child createFile() throws BlockException;

  /** Creates a second file, which holds the guest's data, as {@link #createFile} does. */
  Child createDataFile(String filename) throws BlockException;

  /**
   * Opens the image that is to be the new one's backing file, to be read; the graph closes it
   * afterwards.
   *
   * @param backing as the new image is going to store it
   */
  Child openBacking(BackingReference backing) throws BlockException;

  /**
   * Opens the image whose metadata now stand in the created file, as {@code driver} would, to give
   * it its size; the graph closes it afterwards.
   *
   * @param options of the driver, without {@code driver} and {@code file}
   */
  BlockIo openImage(String driver, BlockOptions options) throws BlockException;

  /** The objects that options refer to by id. */
  ObjectRegistry objects();

  /** Buffers for whatever the driver has to write. */
  BufferPool buffers();

  /** Times and identifiers for the image. */
  ImageStamp stamp();

  /** Tells the user something that does not keep the image from being created; one line. */
  void warn(String line);
}
