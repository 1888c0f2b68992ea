// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.vmdk;

import dev.strata.block.BlockException;
import dev.strata.block.Child;
import dev.strata.block.driver.SafetyFinding;
import dev.strata.block.driver.SafetyFinding.Severity;
import java.util.function.Consumer;

/** What there is to fear of a disk: the files that its descriptor names. */
final class VmdkInspection {
  private static final int MOST_FILES = 8;

  private VmdkInspection() {}

  static void inspect(Child file, Consumer<SafetyFinding> found) throws BlockException {
    int magic = VmdkOpening.magic(file);
    boolean inside = magic == SparseHeader.MAGIC || magic == CowdHeader.MAGIC;
    DescriptorPlace place =
        inside ? DescriptorPlace.inside(file) : VmdkOpening.descriptorFile(file, 0);
    if (magic == SparseHeader.MAGIC) {
      SparseHeader header = VmdkOpening.header(file);
      if (header.capacity() == 0 && header.descriptorOffset() > 0) {
        place = VmdkOpening.descriptorFile(file, header.descriptorOffset());
        inside = false;
      }
    }
    VmdkDescriptor descriptor = place.read();
    String parent = descriptor.parentFileNameHint();
    if (parent != null) {
      found.accept(
          new SafetyFinding(
              Severity.DANGEROUS,
              SafetyFinding.BACKING_FILE,
              "stands on the file '" + parent + "'",
              "ask for an image that stands alone: 'qemu-img convert' makes one"));
    }
    if (inside) {
      return; // such a descriptor's extents are not looked at
    }
    int files = 0;
    for (ExtentLine line : ExtentLine.all(descriptor.text())) {
      if (files++ == MOST_FILES) {
        return;
      }
      found.accept(
          new SafetyFinding(
              Severity.DANGEROUS,
              SafetyFinding.DATA_FILE,
              "keeps its data in the file '" + line.filename() + "'",
              "ask for an image that holds its data: 'qemu-img convert' makes one"));
    }
  }
}
