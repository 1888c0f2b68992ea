// SPDX-License-Identifier: Apache-2.0
/**
 * What is in an archive, as a file: {@code archive:disk.qcow2.xz}, {@code
 * tar:appliance.ova!disk1.vmdk}. Beyond the reference. The work is done by the module {@code
 * dev.strata.archive}, which is loaded at first use.
 */
@NullMarked
package dev.strata.formats.archive;

import org.jspecify.annotations.NullMarked;
