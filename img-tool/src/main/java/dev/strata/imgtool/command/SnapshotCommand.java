// SPDX-License-Identifier: Apache-2.0
package dev.strata.imgtool.command;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.driver.SnapshotStore;
import dev.strata.block.driver.SnapshotStore.Snapshot;
import dev.strata.block.graph.BlockBackend;
import dev.strata.imgtool.command.Arguments.UsageException;
import dev.strata.monitor.commandline.CacheMode;
import dev.strata.monitor.commandline.Description;
import dev.strata.monitor.commandline.GetOpt;
import dev.strata.monitor.commandline.OptionTable;
import dev.strata.monitor.commandline.SnapshotTable;
import dev.strata.monitor.commandline.Terminal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code qemu-img snapshot}. */
final class SnapshotCommand extends ImageCommand {

  /** The most bytes of a snapshot's name. */
  private static final int MAX_NAME = 255;

  private static final int NOTHING = 0;

  @Override
  public OptionTable options() {
    return new OptionTable()
        .with('a', null, "SNAPSHOT", "go back to the snapshot of that id or name")
        .with('c', null, "SNAPSHOT", "keep the present state under that name")
        .with('d', null, "SNAPSHOT", "give up the snapshot of that name")
        .with('h', "help", null, "show this help and end")
        .with('l', null, null, "list the snapshots")
        .with('q', "quiet", null, "show no warnings")
        .with('U', "force-share", null, "list also while others write")
        .with(IMAGE_OPTS, "image-opts", null, "FILENAME is a list of options")
        .with(OBJECT, "object", "OBJECT", "define an object")
        .with(UNTRUSTED, "untrusted", null, UNTRUSTED_HELP)
        .operand("FILENAME");
  }

  @Override
  public Description describe() {
    return Description.of(
        "keeps states of the disk inside an image, or goes back to them",
        """
        Without -a, -c or -d it lists the snapshots.
        """,
        "qemu-img snapshot -c before-upgrade disk.qcow2",
        "keeps the present state",
        "qemu-img snapshot -a before-upgrade disk.qcow2",
        "goes back to it");
  }

  @Override
  int run(Arguments arguments, ImageOpener opener, Terminal terminal)
      throws BlockException, UsageException {
    int action = NOTHING;
    String name = "";
    for (int option = arguments.next(); option != GetOpt.END; option = arguments.next()) {
      switch (option) {
        case 'l', 'a', 'c', 'd' -> {
          if (action != NOTHING) {
            throw arguments.wrong("Cannot mix '-l', '-a', '-c', '-d'");
          }
          action = option;
          name = arguments.argument();
        }
        default -> take(option, arguments, opener);
      }
    }
    String filename = arguments.onlyImage();
    var flags = ImageOpener.flags(action != 'l', CacheMode.WRITEBACK).withUnmap(true);
    BlockBackend image = opener.open(filename, flags, CacheMode.WRITEBACK, true);
    Optional<SnapshotStore> store = image.node().capability(SnapshotStore.class);
    switch (action) {
      case 'l' -> list(store, terminal);
      case 'c' -> create(store, name, arguments);
      case 'a' -> apply(store, name, arguments);
      case 'd' -> delete(store, name, arguments);
      default -> {}
    }
    return 0;
  }

  private static void list(Optional<SnapshotStore> store, Terminal terminal) throws BlockException {
    List<Snapshot> snapshots = store.isPresent() ? store.get().snapshots() : List.of();
    if (!snapshots.isEmpty()) {
      var text = new StringBuilder("Snapshot list:\n");
      SnapshotTable.append(snapshots, text);
      terminal.out().print(text);
    }
  }

  private static void create(Optional<SnapshotStore> store, String name, Arguments arguments)
      throws BlockException, UsageException {
    Instant now = SourceDate.now();
    try {
      if (store.isEmpty()) {
        throw BlockException.of(Errno.EOPNOTSUPP);
      }
      int micros = now.getNano() / 1000;
      store
          .get()
          .createSnapshot(
              new Snapshot("", cut(name), 0, now.getEpochSecond(), micros * 1000, 0, 0, 0));
    } catch (BlockException e) {
      throw arguments.wrongValue(
          "Could not create snapshot '"
              + cut(name)
              + "': -"
              + e.errno().number()
              + " ("
              + e.errno().text()
              + ")");
    }
  }

  /** As much of the name as is kept. */
  private static String cut(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= MAX_NAME) {
      return name;
    }
    int end = MAX_NAME;
    while ((bytes[end] & 0xc0) == 0x80) {
      end--; // not within a character
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  private static void apply(Optional<SnapshotStore> store, String name, Arguments arguments)
      throws UsageException {
    String failure = "Could not apply snapshot '" + name + "': ";
    if (store.isEmpty()) {
      throw arguments.wrongValue(failure + "Block driver does not support snapshots");
    }
    try {
      Snapshot found = byName(store.get(), name, true);
      if (found == null) {
        throw BlockException.of(Errno.ENOENT);
      }
      store.get().applySnapshot(found);
    } catch (BlockException e) {
      boolean refused = e.errno() == Errno.EOPNOTSUPP;
      throw arguments.wrongValue(
          failure + (refused ? e.getMessage() : "Failed to load snapshot: " + e.errno().text()));
    }
  }

  private static void delete(Optional<SnapshotStore> store, String name, Arguments arguments)
      throws UsageException {
    String failure = "Could not delete snapshot '" + name + "': ";
    try {
      Snapshot found = store.isPresent() ? byName(store.get(), name, false) : null;
      if (store.isEmpty() || found == null) {
        throw arguments.wrongValue(failure + "snapshot not found");
      }
      store.get().deleteSnapshot(found);
    } catch (BlockException e) {
      throw arguments.wrongValue(failure + e.getMessage());
    }
  }

  /** The first of that name; if {@code ids} count, the one of that id comes before. */
  private static @Nullable Snapshot byName(SnapshotStore store, String name, boolean ids)
      throws BlockException {
    Snapshot found = null;
    for (Snapshot snapshot : store.snapshots()) {
      if (ids && snapshot.id().equals(name)) {
        return snapshot;
      }
      if (found == null && snapshot.name().equals(name)) {
        found = snapshot;
      }
    }
    return found;
  }
}
