// SPDX-License-Identifier: Apache-2.0
/**
 * Help, manual pages and shell completion, all made from what the tools say of themselves. Loaded
 * only when somebody asks for one of these.
 *
 * <pre>
 * ToolDescription → CommandModel    --help, by picocli
 *   (a service)   → ManPage         strata man
 *                 → BashCompletion, ZshCompletion   strata completion
 * </pre>
 */
@NullMarked
package dev.strata.monitor.manual;

import org.jspecify.annotations.NullMarked;
