/** The ledger's writer and its prices, without a database. */
@NullMarked
package dev.parley.ledger;

import org.jspecify.annotations.NullMarked;
