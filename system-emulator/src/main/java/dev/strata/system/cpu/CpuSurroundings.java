// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu;

import dev.strata.system.log.EventLog;
import dev.strata.system.memory.AddressSpace;
import java.util.function.LongSupplier;

/**
 * What a processor is wired to.
 *
 * @param memory physical memory
 * @param ports I/O ports, for architectures that have them
 * @param pins the interrupt controller
 * @param nanos the virtual clock, for time stamp counters
 * @param entropy random numbers that nobody can foretell
 * @param log takes what its items ask for
 */
public record CpuSurroundings(
    AddressSpace memory,
    AddressSpace ports,
    InterruptPins pins,
    LongSupplier nanos,
    LongSupplier entropy,
    EventLog log) {}
