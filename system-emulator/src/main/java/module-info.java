// SPDX-License-Identifier: Apache-2.0
/** Machines that run guests: processors, memory, devices, their disks served by the block graph. */
module dev.strata.system {
  requires dev.strata.block;
  requires dev.strata.monitor;
  requires static org.jspecify;

  uses dev.strata.system.cpu.Architecture;

  provides dev.strata.monitor.manual.ToolDescription with
      dev.strata.system.SystemDescription;
  provides dev.strata.system.cpu.Architecture with
      dev.strata.system.cpu.x86.X86Architecture,
      dev.strata.system.cpu.x86.I386Architecture;
}
