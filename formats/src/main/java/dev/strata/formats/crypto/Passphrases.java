// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.crypto;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.object.Secret;
import org.jspecify.annotations.Nullable;

/**
 * The secrets that the user defined, as passphrases.
 *
 * @param option the name of the option that says which, for messages
 */
public record Passphrases(ObjectRegistry objects, String option) {
  /**
   * The passphrase in UTF-8; the caller's to overwrite.
   *
   * @param secretId of a secret
   * @throws BlockException if there is no such secret, or it is no text
   */
  public byte[] of(String secretId) throws BlockException {
    Secret secret = objects.secret(secretId);
    String text = secret.text(secretId); // no other is a passphrase
    return text.isEmpty() ? new byte[0] : secret.bytes();
  }

  /** As {@link #of}; EINVAL if the user named no secret. */
  public byte[] required(@Nullable String secretId) throws BlockException {
    if (secretId == null) {
      throw new BlockException(Errno.EINVAL, "Parameter '" + option + "' is required for cipher");
    }
    return of(secretId);
  }
}
