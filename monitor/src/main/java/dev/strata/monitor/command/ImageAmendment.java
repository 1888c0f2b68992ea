// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.command;

import dev.strata.block.BlockException;
import dev.strata.block.ProgressListener;
import dev.strata.block.driver.Amendable;
import dev.strata.block.driver.ImageInfo;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.json.JsonObject;
import dev.strata.block.option.BlockOptions;
import java.util.List;
import java.util.Optional;

/** The job that changes options of an image that is open. */
final class ImageAmendment extends ImageJob {
  private final BlockNode node;
  private final Amendable image;
  private final JsonObject options;
  private final boolean force;

  /**
   * A job that has not begun.
   *
   * @param options as QMP has them for the image's driver, without the driver's name
   * @param force whether what could lose data is carried out
   */
  ImageAmendment(String id, BlockNode node, Amendable image, JsonObject options, boolean force) {
    super("amend", id, List.of(node));
    this.node = node;
    this.image = image;
    this.options = options;
    this.force = force;
  }

  @Override
  void step() throws BlockException {
    if (options.get("encrypt") instanceof JsonObject encryption) {
      checkEncryption(encryption);
      encryption.remove("format");
    }
    image.amend(BlockOptions.of(options), force, ProgressListener.NONE);
  }

  /** What the image's own words would be those of another command for. */
  private void checkEncryption(JsonObject encryption) throws BlockException {
    Optional<ImageInfo> info = node.capability(ImageInfo.class);
    if (info.isPresent() && !info.get().encrypted()) {
      throw JobArguments.invalid("image is not encrypted, can't amend");
    }
    if (!"luks".equals(encryption.string("format"))) {
      throw JobArguments.invalid("Amend can't be used to change the qcow2 encryption format");
    }
  }
}
