// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

import dev.strata.block.nbd.protocol.HeaderStyle;
import java.util.List;

/**
 * What a client has negotiated.
 *
 * @param contexts the chosen kinds of block status; their ids are their places here
 */
record Session(Export export, HeaderStyle style, List<StatusContext> contexts) {}
