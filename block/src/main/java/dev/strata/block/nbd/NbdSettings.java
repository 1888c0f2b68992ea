// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.nbd;

import dev.strata.block.tls.TlsCredentials;
import org.jspecify.annotations.Nullable;

/**
 * What a node's options say.
 *
 * @param export empty for the default export
 * @param credentials of TLS, without which there is no connection then; null for no TLS
 * @param hostname whom the server's certificate has to name, or null if nobody is known
 * @param context whose status is asked for in place of {@code base:allocation}, or null
 * @param reconnectDelaySeconds for which requests wait for a lost connection; 0 to 2^32 - 1
 * @param openTimeoutSeconds for which connecting is tried again; 0 to 2^32 - 1
 * @param exactFilename opens the same export, or null if options are needed
 */
record NbdSettings(
    ServerAddress server,
    String export,
    @Nullable TlsCredentials credentials,
    @Nullable String hostname,
    @Nullable String context,
    long reconnectDelaySeconds,
    long openTimeoutSeconds,
    @Nullable String exactFilename) {}
