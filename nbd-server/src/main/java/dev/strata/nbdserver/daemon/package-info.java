// SPDX-License-Identifier: Apache-2.0
/** What the storage daemon gets of this module: exports of its nodes, ruled by QMP. */
@NullMarked
package dev.strata.nbdserver.daemon;

import org.jspecify.annotations.NullMarked;
