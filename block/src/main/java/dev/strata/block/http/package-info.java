// SPDX-License-Identifier: Apache-2.0
/**
 * Files on servers, for reading: the drivers {@code http} and {@code https}, by the JDK's client.
 *
 * <pre>
 *   HttpFactory → UrlOptions → HttpDriver → ReadAhead → RangeRequests → HttpClient
 * </pre>
 *
 * @see "RFC 9110, HTTP Semantics, 14 Range Requests"
 */
@NullMarked
package dev.strata.block.http;

import org.jspecify.annotations.NullMarked;
