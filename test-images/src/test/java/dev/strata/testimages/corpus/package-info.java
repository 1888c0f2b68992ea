// SPDX-License-Identifier: Apache-2.0
/**
 * The golden corpus: command lines run by the real tools and by ours, side by side. A case file
 * (plain text, in the resources) is parsed into cases, a case is run twice in two directories of
 * its own, and what the two runs said and left on disk is compared.
 *
 * <pre>
 *   *.cases → CaseFile → CorpusCase → CaseRunner ─┬─ Shell (real tools)
 *                                                 ├─ Shell (our tools)
 *                                                 └─ VaryingText, ResultingFiles → Difference
 * </pre>
 */
@NullMarked
package dev.strata.testimages.corpus;

import org.jspecify.annotations.NullMarked;
