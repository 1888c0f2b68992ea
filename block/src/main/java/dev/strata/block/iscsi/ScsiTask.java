// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * libiscsi's structures that this driver looks into, as a 64-bit Linux lays them out. They are
 * public, and the same in all libraries that are called {@code libiscsi.so.7}.
 *
 * <pre>
 * struct scsi_task {                     struct scsi_iovec {
 *   int status;                  //  0     void *iov_base;   //  0
 *   int cdb_size;                //  4     size_t iov_len;   //  8
 *   int xfer_dir;                //  8   };
 *   int expxferlen;              // 12
 *   unsigned char cdb[16];       // 16
 *   enum residual_status;        // 32: 0 none, 1 underflow, 2 overflow
 *   size_t residual;             // 40
 *   struct scsi_sense {
 *     unsigned char error_type;  // 48
 *     enum scsi_sense_key key;   // 52
 *     int ascq;                  // 56
 *     …
 * </pre>
 *
 * @see "libiscsi, iscsi/scsi-lowlevel.h"
 */
final class ScsiTask {
  static final int COMMAND_BLOCK_SIZE = 16;

  static final int NO_RESIDUAL = 0;
  static final int UNDERFLOW = 1;

  /** Of a {@code struct scsi_iovec}, in bytes. */
  static final long IOVEC_SIZE = 16;

  static final long IOVEC_LENGTH = 8;

  private static final long RESIDUAL_STATUS = 32;
  private static final long RESIDUAL = 40;
  private static final long SENSE_KEY = 52;
  private static final long SENSE_CODE = 56;

  /** All memory: to read at an address without an object for each task. */
  private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private ScsiTask() {}

  static int residualStatus(long task) {
    return MEMORY.get(ValueLayout.JAVA_INT, task + RESIDUAL_STATUS);
  }

  /** In bytes; what {@link #residualStatus} says of it. */
  static long residual(long task) {
    return MEMORY.get(ValueLayout.JAVA_LONG, task + RESIDUAL);
  }

  static int senseKey(long task) {
    return MEMORY.get(ValueLayout.JAVA_INT, task + SENSE_KEY);
  }

  /** The additional sense code, times 256, and its qualifier. */
  static int senseCode(long task) {
    return MEMORY.get(ValueLayout.JAVA_INT, task + SENSE_CODE);
  }
}
