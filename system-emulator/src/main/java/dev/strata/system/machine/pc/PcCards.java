// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.machine.pc;

import dev.strata.system.device.pci.PciBus;
import dev.strata.system.device.pci.PciFunction;
import dev.strata.system.device.virtio.VirtioDevice;
import dev.strata.system.device.virtio.VirtioFunction;
import dev.strata.system.machine.DeviceNode;
import dev.strata.system.memory.DeviceMemory;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** The cards in a PC's slots, and the threads that work for them. Thread-safe. */
final class PcCards {
  private static final int FIRST = 2; // slot; the board's own chips are before

  private final PciBus pci;
  private final PcTree tree;
  private final DeviceMemory memory;
  private final List<ExecutorService> workers = new CopyOnWriteArrayList<>();
  private final List<Runnable> pulled = new CopyOnWriteArrayList<>(); // at the next reset

  /**
   * A card.
   *
   * @param node in the tree of devices
   * @param worker null if it has none
   */
  record Card(int slot, PciFunction function, DeviceNode node, @Nullable ExecutorService worker) {}

  PcCards(PciBus pci, PcTree tree, DeviceMemory memory) {
    this.pci = pci;
    this.tree = tree;
    this.memory = memory;
  }

  /** Threads for requests. */
  ExecutorService worker(String name, int threads) {
    var factory = Thread.ofPlatform().daemon().name(name).factory();
    ExecutorService made =
        threads == 1
            ? Executors.newSingleThreadExecutor(factory)
            : Executors.newFixedThreadPool(threads, factory);
    workers.add(made);
    return made;
  }

  Card addVirtio(String name, VirtioDevice device) {
    ExecutorService worker = worker(name, device.parallelism());
    return add(name + "-pci", new VirtioFunction(device, memory, worker), worker);
  }

  Card add(String model, PciFunction function) {
    return add(model, function, null);
  }

  private synchronized Card add(
      String model, PciFunction function, @Nullable ExecutorService worker) {
    int slot = freeSlot();
    pci.attach(slot, 0, false, function);
    return new Card(slot, function, tree.card(slot, model, function), worker);
  }

  /** Takes a card out, which does nothing any more; waits for its requests. */
  void remove(Card card) {
    pci.detach(card.slot());
    tree.remove(card.node());
    ExecutorService worker = card.worker();
    if (worker != null) {
      worker.close();
      workers.remove(worker);
    }
  }

  private int freeSlot() {
    for (int slot = FIRST; slot < PciBus.SLOTS; slot++) {
      if (pci.isFree(slot)) {
        return slot;
      }
    }
    return -1;
  }

  boolean hasFreeSlot() {
    return freeSlot() >= 0;
  }

  /** Has something be done at the next reset, before devices are reset. */
  void atReset(Runnable pull) {
    pulled.add(pull);
  }

  /** The reset line is pulled. */
  void reset() {
    for (Runnable each : pulled) {
      pulled.remove(each);
      each.run();
    }
  }

  /** Ends the threads; waits for what they do. */
  void close() {
    workers.forEach(ExecutorService::close);
  }
}
