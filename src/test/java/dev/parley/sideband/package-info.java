/** Calls by WebRTC and SIP. */
package dev.parley.sideband;
