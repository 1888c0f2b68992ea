// SPDX-License-Identifier: Apache-2.0
/** The {@code qemu-img} command. */
module dev.strata.imgtool {
  requires dev.strata.block;
  requires dev.strata.monitor;
  requires static org.jspecify;

  provides dev.strata.monitor.manual.ToolDescription with
      dev.strata.imgtool.ImgDescription;
}
