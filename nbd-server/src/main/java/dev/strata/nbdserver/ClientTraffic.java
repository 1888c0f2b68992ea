// SPDX-License-Identifier: Apache-2.0
package dev.strata.nbdserver;

/**
 * What a client that is connected has had done.
 *
 * @param number in the order of arrival, from 1
 * @param address the host it comes from; empty if it is this one, by a Unix socket
 * @param export the name of the export that it has chosen
 */
public record ClientTraffic(long number, String address, String export, Traffic traffic) {}
