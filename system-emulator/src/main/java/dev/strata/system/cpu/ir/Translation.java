// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.ir;

/** What blocks were translated to; the interpreter knows how it is run. */
public interface Translation {}
