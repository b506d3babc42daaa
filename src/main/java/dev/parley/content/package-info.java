/** What is said in the sessions of tenants that allow it to be read: kept in memory, bounded, for operators. */
@NullMarked
package dev.parley.content;

import org.jspecify.annotations.NullMarked;
