/**
 * What must run on an old Java: the jar's entry point, which finds a Java 25 or says in one line what to install, and the
 * client for the first conversation.
 */
package dev.parley.launcher;
