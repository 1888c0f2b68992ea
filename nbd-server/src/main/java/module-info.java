// SPDX-License-Identifier: Apache-2.0
/** The {@code qemu-nbd} command and the server behind it. */
module dev.strata.nbdserver {
  requires dev.strata.block;
  requires dev.strata.monitor;
  requires static org.jspecify;

  provides dev.strata.monitor.command.CommandSet with
      dev.strata.nbdserver.command.NbdCommands;
  provides dev.strata.monitor.manual.ToolDescription with
      dev.strata.nbdserver.tool.NbdDescription;
}
