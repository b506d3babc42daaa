/** The jar's entry point, compiled for an old Java: finds a Java 25 or says in one line what to install. */
package dev.parley.launcher;
