// SPDX-License-Identifier: Apache-2.0
/**
 * Apple disk images (UDIF), for reading: chunks in whatever forms, tables of chunks in base64
 * within an XML property list, and a trailer that says where that is.
 *
 * <pre>
 *   DmgImage ── which chunk? ──▶ ChunkTable ◀── property list ◀── KolyTrailer
 *       └──── its bytes ───────▶ RecentBlock ──▶ ClusterCodec, AdcStream, LzfseStream, ArchiveProvider
 * </pre>
 *
 * <p>No XML parser is needed, and so none can be led astray: the tables are what stands between
 * {@code <data>} and {@code </data>}.
 *
 * @see "Jonathan Levin, Demystifying the DMG File Format"
 */
@NullMarked
package dev.strata.formats.dmg;

import org.jspecify.annotations.NullMarked;
