package dev.parley.config;

/**
 * This process.
 *
 * @param name recorded with each usage entry; the host's name by default
 * @param demo whether a demo tenant is made and a token printed at start
 */
public record NodeConfig(String name, boolean demo) {}
