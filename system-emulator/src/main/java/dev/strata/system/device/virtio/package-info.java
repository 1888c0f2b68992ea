// SPDX-License-Identifier: Apache-2.0
/** Devices of the virtio specification. */
@NullMarked
package dev.strata.system.device.virtio;

import org.jspecify.annotations.NullMarked;
