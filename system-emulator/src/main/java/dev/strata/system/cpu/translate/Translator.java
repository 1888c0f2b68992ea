// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.translate;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.strata.system.cpu.interpret.Interpreter;
import dev.strata.system.cpu.interpret.Region;
import dev.strata.system.cpu.interpret.RegionCode;
import dev.strata.system.cpu.interpret.RegionMaker;
import dev.strata.system.cpu.ir.Block;
import java.lang.invoke.MethodHandles;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Makes regions of one processor's hot blocks: forms them on its thread, makes their classes on
 * another one, and lets it run them when they are ready.
 */
public final class Translator implements RegionMaker {
  private static final int MOST_REGIONS = 20_000;
  private static final int MOST_WAITING = 256;

  // The JIT leaves methods of more than 8000 alone (HugeMethodLimit), and C1 runs out of registers
  // in some of 6000.
  private static final int MOST_BYTECODE = 5000;

  // How often a block has run that is not to become hot.
  private static final int NEVER = Integer.MIN_VALUE;

  // Any bit makes the processor look.
  private static final int PUBLISH = 0x100;

  private final SlotRoles roles;
  private final TranslationMode mode;
  private final List<Region> regions = new ArrayList<>();
  private final ArrayBlockingQueue<Order> orders = new ArrayBlockingQueue<>(MOST_WAITING);
  private final ConcurrentLinkedQueue<Done> ready = new ConcurrentLinkedQueue<>();
  private @Nullable Thread worker;

  /** A region to be made; its blocks are hot too, and wait for it. */
  private record Order(Interpreter core, RegionShape shape, Block[] blocks) {
    Order(Interpreter core, RegionShape shape) {
      this(core, shape, shape.blocks());
      await(true);
    }

    void await(boolean waits) {
      for (Block block : blocks) {
        block.awaited = waits;
      }
    }
  }

  /** What has come of it; null if that is nothing. */
  private record Done(Order order, @Nullable Region region) {}

  /** For one processor. */
  public Translator(SlotRoles roles, TranslationMode mode) {
    this.roles = roles;
    this.mode = mode;
  }

  @Override
  public int threshold() {
    return mode.threshold();
  }

  /** How many regions have been put to use. */
  public int translated() {
    return translated;
  }

  private int translated;

  @Override
  public void hot(Interpreter core, Block block, long pc) {
    block.executions =
        mode.threshold() / 2; // Asked again after as many, should it come to nothing.
    if (block.awaited || (mode.inBackground() && orders.remainingCapacity() == 0)) {
      return;
    }
    int least = mode.inBackground() ? Math.max(1, mode.threshold() / 16) : 1;
    RegionShape shape = RegionFormer.form(core, roles, block, pc, mode.mostInstructions(), least);
    if (shape == null) {
      block.executions = NEVER;
      return;
    }
    if (mode.inBackground()) {
      if (worker == null) {
        worker = Thread.ofPlatform().name("translator").daemon().start(this::work);
      }
      orders.add(new Order(core, shape));
    } else {
      Region region = make(shape);
      if (region != null) {
        use(core, region);
      }
    }
  }

  private void work() {
    var warming = new ArrayDeque<WarmUp>();
    try {
      while (true) {
        Order order = warming.isEmpty() ? orders.take() : orders.poll(2, MILLISECONDS);
        if (order != null) {
          Region region = make(order.shape);
          if (region != null) {
            warming.add(new WarmUp(order.core, region, () -> ready(order, region)));
          } else {
            ready(order, null);
          }
        }
        // The JIT takes them in turn, so the others need no look yet.
        for (WarmUp next = warming.peek(); next != null && next.isOver(); next = warming.peek()) {
          warming.remove();
          next.over.run();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void ready(Order order, @Nullable Region region) {
    ready.add(new Done(order, region));
    order.core.attend(PUBLISH);
  }

  @Override
  public void publish() {
    for (Done next = ready.poll(); next != null; next = ready.poll()) {
      next.order.await(false);
      Region region = next.region;
      if (region == null) {
        next.order.blocks[0].executions = NEVER;
      } else if (region.current()) {
        use(next.order.core, region);
      }
    }
  }

  private void use(Interpreter core, Region region) {
    if (regions.size() >= MOST_REGIONS) {
      regions.removeIf(r -> !r.valid());
      if (regions.size() >= MOST_REGIONS * 3 / 4) {
        regions.forEach(Region::drop);
        regions.clear();
      }
    }
    regions.add(region);
    translated++;
    core.add(region);
  }

  /** Null if even a single block is too long. */
  private @Nullable Region make(RegionShape shape) {
    RegionShape some = shape;
    while (true) {
      var sites = new Sites();
      byte[] bytes = RegionEmitter.emit(some, sites, mode.access());
      if (RegionEmitter.length(bytes) <= MOST_BYTECODE) {
        return new Region(
            instance(bytes),
            some.blocks(),
            some.distances(),
            sites.nodes(),
            sites.operations(),
            some.mask());
      }
      if (some.nodes().size() == 1) {
        return null;
      }
      some = some.firstHalf();
    }
  }

  private static RegionCode instance(byte[] bytes) {
    try {
      Class<?> defined = MethodHandles.lookup().defineHiddenClass(bytes, true).lookupClass();
      return (RegionCode) defined.getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
