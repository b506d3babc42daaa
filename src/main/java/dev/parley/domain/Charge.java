package dev.parley.domain;

/**
 * What a usage entry takes from one budget window.
 *
 * @param balance the window's row
 * @param grant the node's grant of it that the amount was reserved in
 * @param amount in the budget's unit: nano-dollars or tokens
 */
public record Charge(long balance, long grant, long amount) {}
