// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.commandline;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.OptionString;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which internal snapshot is meant: {@code snapshot.id=ID,snapshot.name=NAME}, or one word that is
 * the id or the name.
 *
 * @param word the id or name, or null if told apart
 */
public record SnapshotChoice(@Nullable String word, @Nullable String id, @Nullable String name) {
  private static final String PREFIX = "snapshot.";

  /** Reads the argument of an option. */
  public static SnapshotChoice parse(String text, Consumer<String> warnings) throws BlockException {
    if (!text.startsWith(PREFIX)) {
      return new SnapshotChoice(text, null, null);
    }
    BlockOptions given = OptionString.parse(text, null, warnings);
    String id = given.takeString("snapshot.id");
    String name = given.takeString("snapshot.name");
    for (String unknown : given.names()) {
      throw new BlockException(Errno.EINVAL, "Invalid parameter '" + unknown + "'");
    }
    return new SnapshotChoice(null, id, name);
  }

  private boolean fits(SnapshotStore.Snapshot candidate) {
    if (word != null) {
      return candidate.id().equals(word) || candidate.name().equals(word);
    }
    return (id == null || candidate.id().equals(id))
        && (name == null || candidate.name().equals(name));
  }

  /** Lets reads of the image see that snapshot from now on. */
  public void load(BlockNode node) throws BlockException {
    try {
      Optional<SnapshotStore> store = node.capability(SnapshotStore.class);
      if (store.isEmpty()) {
        throw new BlockException(
            Errno.EOPNOTSUPP,
            "Block format '"
                + node.driverName()
                + "' used by device '' does not support temporarily loading internal snapshots");
      }
      for (SnapshotStore.Snapshot candidate : store.get().snapshots()) {
        if (fits(candidate)) {
          store.get().loadSnapshot(candidate);
          return;
        }
      }
      throw new BlockException(Errno.ENOENT, "Can't find snapshot");
    } catch (BlockException e) {
      throw e.during("Failed to load snapshot");
    }
  }
}
