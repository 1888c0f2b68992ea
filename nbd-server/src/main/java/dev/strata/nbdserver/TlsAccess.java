// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.tls.TlsCredentials;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Clients have to come by TLS.
 *
 * @param credentials a server's
 * @param authorization whether a client whose certificate bears that distinguished name may come;
 *     all may if it is null
 */
public record TlsAccess(TlsCredentials credentials, @Nullable Predicate<String> authorization) {}
