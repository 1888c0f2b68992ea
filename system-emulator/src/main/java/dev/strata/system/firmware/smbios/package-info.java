// SPDX-License-Identifier: Apache-2.0
/** Tables of the SMBIOS: what a machine says that it is made of. */
@NullMarked
package dev.strata.system.firmware.smbios;

import org.jspecify.annotations.NullMarked;
