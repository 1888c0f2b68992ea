// SPDX-License-Identifier: Apache-2.0
/** Strata's voice: the command line that all tools share. */
module dev.strata.monitor {
  requires transitive dev.strata.block;
  requires static org.jspecify;

  exports dev.strata.monitor.commandline;
}
