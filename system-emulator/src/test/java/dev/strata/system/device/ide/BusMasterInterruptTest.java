// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.ide;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.strata.block.drive.DriveSettings;
import dev.strata.block.drive.GuestDrive;
import dev.strata.block.driver.NodeFlags;
import dev.strata.block.graph.BlockGraph;
import dev.strata.block.graph.BlockNode;
import dev.strata.block.graph.DriverRegistry;
import dev.strata.block.graph.OpenGate;
import dev.strata.block.graph.OpenRequest;
import dev.strata.block.option.BlockOptions;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.DeviceMemory;
import dev.strata.system.memory.MemoryRegion;
import dev.strata.system.memory.MmioHandler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What the bus master tells at the very moment of an interrupt: a driver that finds that it was not
 * the bus master's leaves it to others, and waits for one that never comes.
 */
final class BusMasterInterruptTest {
  private static final int TABLE = 0x1000;
  private static final int READ_BY_MASTER = 0xc8;
  private static final int PACKET = 0xa0;

  private final Arena arena = Arena.ofShared();
  private final BlockGraph graph = new BlockGraph(DriverRegistry.load(), line -> {});
  private final AddressSpace memory = new AddressSpace(1L << 32, 0);
  private final BusMaster master = new BusMaster(new DeviceMemory(memory));
  private final List<Long> told = new ArrayList<>(); // the bus master's state at each interrupt
  private final IdeChannel channel =
      new IdeChannel(
          level -> {
            if (level) {
              told.add(master.read(2, 1));
            }
          },
          Runnable::run,
          master);
  private final MmioHandler registers = channel.commandBlock();
  private GuestDrive drive;

  @BeforeEach
  void open() throws IOException {
    memory.map(0, MemoryRegion.ram("ram", 1 << 20, arena), 0);
    var options = BlockOptions.of("driver", "null-co", "size", "1M", "read-zeroes", "on");
    NodeFlags flags = NodeFlags.READ_ONLY.withWritable(true);
    BlockNode node = graph.open(new OpenRequest(null, options, flags, false, false, OpenGate.DENY));
    drive =
        new GuestDrive(
            "disk",
            DriveSettings.DEFAULT,
            graph.use(node, "", GuestDrive.permissions(true)),
            System::nanoTime);
  }

  @AfterEach
  void close() throws IOException {
    graph.close();
    arena.close();
  }

  private void table(long address, long bytes) {
    memory.write(TABLE, 4, address);
    memory.write(TABLE + 4, 4, 0x80000000L | bytes);
    master.write(4, 4, TABLE);
  }

  private void readOneSector() {
    registers.write(2, 1, 1);
    registers.write(6, 1, 0xe0);
    registers.write(7, 1, READ_BY_MASTER);
    master.write(0, 1, 9);
  }

  @Test
  void diskSaysThatItWasTheBusMaster() {
    channel.attach(0, new HardDisk(channel, new AtaDrive(drive, "1")));
    table(0x2000, 512);
    readOneSector();
    assertEquals(List.of(4L), told);
  }

  @Test
  void diskSaysThatTheBusMasterFailed() {
    channel.attach(0, new HardDisk(channel, new AtaDrive(drive, "1")));
    table(0xfff00000L, 512);
    readOneSector();
    assertEquals(List.of(6L), told);
  }

  @Test
  void cdDriveSaysThatItWasTheBusMaster() {
    channel.attach(0, new CdDrive(channel, drive, "1"));
    table(0x2000, 2048);
    registers.write(1, 1, 1); // by the bus master
    registers.write(6, 1, 0xa0);
    registers.write(7, 1, PACKET);
    int[] packet = {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
    for (int at = 0; at < packet.length; at += 2) {
      registers.write(0, 2, packet[at] | packet[at + 1] << 8);
    }
    told.clear(); // that of the packet
    master.write(0, 1, 9);
    assertEquals(List.of(4L), told);
  }
}
