// SPDX-License-Identifier: Apache-2.0
/**
 * Files on servers, for reading: the drivers {@code http} and {@code https}, by the JDK's client,
 * and {@code ftp} and {@code ftps}, for which the JDK has none.
 *
 * <pre>
 *   UrlFactory → UrlOptions → UrlDriver → ReadAhead → RemoteFile
 *                                                     ├ RangeRequests → HttpClient
 *                                                     └ FtpFile → FtpConnections → FtpConnection
 * </pre>
 *
 * @see "RFC 9110, HTTP Semantics, 14 Range Requests; RFC 959, File Transfer Protocol"
 */
@NullMarked
package dev.strata.block.http;

import org.jspecify.annotations.NullMarked;
