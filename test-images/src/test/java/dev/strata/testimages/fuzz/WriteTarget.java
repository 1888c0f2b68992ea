// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import dev.strata.block.BlockException;
import dev.strata.block.IoVector;
import dev.strata.block.Preallocation;
import dev.strata.block.driver.Checkable;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.graph.BlockBackend;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Opens an image for writing and changes it; the input's last byte says where to begin. What
 * becomes of a damaged image is its own fault, but every step ends.
 */
record WriteTarget(String name, FuzzedFormat format, Disk disk) implements FuzzTarget {
  private static final int STEPS = 9;
  private static final int BLOCK = 3000;

  @Override
  public boolean speaksOfDamage() {
    return true;
  }

  @Override
  public List<byte[]> seeds() {
    return ImageTarget.Scripts.of(format.sound().size());
  }

  @Override
  public void run(byte[] input) throws BlockException {
    byte[] script = input.length < 2 ? input : Arrays.copyOf(input, input.length - 1);
    int first = input.length < 2 ? 0 : input[input.length - 1] & 0xff;
    byte[] image = format.image(script);
    disk.folder(true)
        .with(Disk.IMAGE, image)
        .with(Seeds.BASE, Seeds.base().clone())
        .with(Seeds.DATA, Seeds.data().clone());
    disk.use(
        true,
        true,
        format.options().copy(),
        backend -> {
          for (int i = 0; i < STEPS; i++) {
            int step = (first + i) % STEPS;
            Visit.attempt(() -> step(step, backend));
          }
        });
  }

  private static void step(int step, BlockBackend disk) throws BlockException {
    long length = disk.length();
    long middle = length / 2;
    Optional<SnapshotStore> snapshots = disk.node().capability(SnapshotStore.class);
    switch (step) {
      case 0 -> {
        if (length >= BLOCK) {
          disk.write(0, IoVector.of(new byte[BLOCK]), 0);
        }
      }
      case 1 -> {
        if (length - middle >= BLOCK) {
          byte[] bytes = new byte[BLOCK];
          Arrays.fill(bytes, (byte) 7);
          disk.write(middle, IoVector.of(bytes), 0);
        }
      }
      case 2 -> disk.writeZeroes(0, Math.min(length, 1 << 16), 0);
      case 3 -> disk.discard(0, Math.min(length, 1 << 16));
      case 4 -> {
        if (snapshots.isPresent()) {
          snapshots
              .get()
              .createSnapshot(new SnapshotStore.Snapshot("", "s", 0, 1, 0, 0, -1, length));
        }
      }
      case 5 -> {
        if (snapshots.isPresent() && !snapshots.get().snapshots().isEmpty()) {
          snapshots.get().applySnapshot(snapshots.get().snapshots().getFirst());
        }
      }
      case 6 -> {
        if (snapshots.isPresent() && !snapshots.get().snapshots().isEmpty()) {
          snapshots.get().deleteSnapshot(snapshots.get().snapshots().getFirst());
        }
      }
      case 7 -> new Visit(disk).check(Checkable.Repair.ALL);
      default -> disk.truncate(length + (1 << 16), true, Preallocation.OFF, 0);
    }
  }
}
