// SPDX-License-Identifier: Apache-2.0
/**
 * Character devices: the ways for clients to come, and other places for bytes to go.
 *
 * <pre>
 *   --chardev ──▶ CommandLineBackend ──▶ ChardevBackend, as JSON ──▶ Backend ──▶ CharacterDevice
 *   chardev-add ────────────────────────────────▲
 * </pre>
 *
 * @see "QEMU qapi/char.json"
 */
@NullMarked
package dev.strata.monitor.chardev;

import org.jspecify.annotations.NullMarked;
