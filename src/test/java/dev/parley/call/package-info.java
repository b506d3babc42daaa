/** Calls that are told of, and whose they are. */
package dev.parley.call;
