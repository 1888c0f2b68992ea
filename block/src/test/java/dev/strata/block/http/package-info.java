// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.strata.block.http;

import org.jspecify.annotations.NullMarked;
