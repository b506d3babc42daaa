/** What was used, what it costs, and the batched writer; port {@code LedgerStore}. */
@NullMarked
package dev.parley.ledger;

import org.jspecify.annotations.NullMarked;
