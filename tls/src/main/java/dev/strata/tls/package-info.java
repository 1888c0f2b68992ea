// SPDX-License-Identifier: Apache-2.0
/**
 * TLS 1.2 and 1.3 with certificates, keys that both ends know, or neither.
 *
 * <p>The JDK's own TLS has no keys that both ends know. Bouncy Castle's has all; the ciphers and
 * digests that it asks for are the JDK's, which run as the processor's own instructions.
 */
@NullMarked
package dev.strata.tls;

import org.jspecify.annotations.NullMarked;
