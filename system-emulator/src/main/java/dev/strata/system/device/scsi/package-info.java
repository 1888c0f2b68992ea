// SPDX-License-Identifier: Apache-2.0
/**
 * SCSI: a bus with disks and CD drives, whatever host adapter the guest reaches it by.
 *
 * <pre>
 *   host adapter ──▶ ScsiBus ──▶ LogicalUnit (ScsiDisk, ScsiCd) ──▶ GuestDrive
 *        ▲  ScsiRequest: CommandBlock, data, status, Sense     │
 *        └──────── ScsiBus.Listener: attention, comings and goings
 * </pre>
 *
 * <p>A request runs on its caller's thread, any number at once; nothing is allocated for one that
 * moves blocks.
 */
@NullMarked
package dev.strata.system.device.scsi;

import org.jspecify.annotations.NullMarked;
