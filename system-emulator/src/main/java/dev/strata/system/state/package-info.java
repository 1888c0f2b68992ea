// SPDX-License-Identifier: Apache-2.0
/**
 * What a machine remembers, written and read back: for snapshots and for another process that goes
 * on with it. The format is Strata's own and nobody else's; the reference's cannot be read.
 *
 * <pre>
 *   stream    "STRATAVM", version u32, section*, 0 u8
 *   section   1 u8, name, version u32, length u32, that many bytes of fields, their CRC-32C u32
 *             2 u8, name, version u32, bytes u64, run*, 0 u64, 0 u32, the runs' CRC-32C u32
 *   run       first page u64, pages u32, those pages of 4096 bytes; ascending, without overlap
 *   name      length u8, ASCII
 * </pre>
 *
 * <p>Numbers are big-endian. Pages that no run has are zero. A machine's sections come in the
 * machine's own order, each once: a stream of another machine does not fit and is refused. Whoever
 * writes sections sees to it that nothing changes meanwhile.
 */
@NullMarked
package dev.strata.system.state;

import org.jspecify.annotations.NullMarked;
