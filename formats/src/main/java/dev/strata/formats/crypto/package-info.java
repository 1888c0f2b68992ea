// SPDX-License-Identifier: Apache-2.0
/**
 * Encryption of disks: ciphers over sectors, the LUKS1 header with its key slots, and the
 * encryption that qcow2 had before LUKS.
 *
 * <pre>
 *   passphrase ── Pbkdf2 ──▶ key of a slot ── SectorCipher, AntiForensic ──▶ master key
 *                                              │ LuksVolume over a HeaderArea (file, clusters)
 *   guest bytes ◀── EncryptedSectors (a pool of SectorCipher) ──▶ file
 * </pre>
 *
 * <p>AES and the usual hashes are the JDK's, the rest Bouncy Castle's.
 */
@NullMarked
package dev.strata.formats.crypto;

import org.jspecify.annotations.NullMarked;
