// SPDX-License-Identifier: Apache-2.0
package dev.strata.monitor.qmp;

import dev.strata.block.BlockException;
import dev.strata.block.json.JsonObject;
import dev.strata.block.json.JsonValue;

/** What a command does. */
@FunctionalInterface
public interface QmpCommand {
  /**
   * Carries it out; no other command runs meanwhile.
   *
   * @param arguments checked by the schema
   * @return the value of the reply; an empty object if there is nothing to tell
   * @throws BlockException which a client sees as {@code GenericError}
   */
  JsonValue run(JsonObject arguments) throws BlockException, QmpException;
}
