// SPDX-License-Identifier: Apache-2.0
/** Strata's voice: the command line that all tools share, their help and their manual, and QMP. */
module dev.strata.monitor {
  requires transitive dev.strata.block;
  requires info.picocli;
  requires static org.jspecify;

  exports dev.strata.monitor.chardev;
  exports dev.strata.monitor.command;
  exports dev.strata.monitor.commandline;
  exports dev.strata.monitor.manual;
  exports dev.strata.monitor.qmp;
  exports dev.strata.monitor.schema;

  provides dev.strata.monitor.manual.ToolDescription with
      dev.strata.monitor.daemon.DaemonDescription;
}
