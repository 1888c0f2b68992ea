// SPDX-License-Identifier: Apache-2.0
/** The {@code qemu-io} command. */
module dev.strata.iotool {
  requires dev.strata.block;
  requires dev.strata.monitor;
  requires org.jline;
  requires static org.jspecify;

  provides dev.strata.monitor.command.ImageConsole with
      dev.strata.iotool.MonitorConsole;
  provides dev.strata.monitor.manual.ToolDescription with
      dev.strata.iotool.IoDescription;
}
