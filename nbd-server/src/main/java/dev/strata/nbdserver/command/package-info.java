// SPDX-License-Identifier: Apache-2.0
/** What the storage monitor gets of this module: exports of its nodes, ruled by QMP. */
@NullMarked
package dev.strata.nbdserver.command;

import org.jspecify.annotations.NullMarked;
