// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.bochs;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.EdgeRole;
import dev.strata.block.driver.BlockDriver;
import dev.strata.block.driver.BlockDriverFactory;
import dev.strata.block.driver.DriverKind;
import dev.strata.block.driver.Inspectable;
import dev.strata.block.driver.OpenContext;
import dev.strata.block.driver.SafetyFinding;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionSchema;
import java.util.function.Consumer;

/** The bochs driver, which only reads. */
public final class BochsFactory implements BlockDriverFactory, Inspectable {
  /** For the service loader. */
  public BochsFactory() {}

  @Override
  public String name() {
    return "bochs";
  }

  @Override
  public DriverKind kind() {
    return DriverKind.FORMAT;
  }

  @Override
  public OptionSchema openOptions() {
    return OptionSchema.of();
  }

  @Override
  public int probe(byte[] head, String filename) {
    return BochsHeader.isAt(head) ? 100 : 0;
  }

  @Override
  public void inspect(Child file, Consumer<SafetyFinding> found) throws BlockException {
    byte[] head = new byte[BochsHeader.BYTES];
    file.read(0, head, 0);
    BochsHeader header = BochsHeader.decode(head);
    if (header.firstExtent() > file.length()) {
      found.accept(
          new SafetyFinding(
              SafetyFinding.Severity.DANGEROUS,
              SafetyFinding.CORRUPTION,
              "has a catalog that is not within the file",
              "ask for another copy"));
    }
  }

  @Override
  public BlockDriver open(OpenContext context, BlockOptions options) throws BlockException {
    context.becomeReadOnly();
    return BochsImage.open(context, context.child("file", EdgeRole.IMAGE));
  }
}
