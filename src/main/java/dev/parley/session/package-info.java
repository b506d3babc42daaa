/** One tenant's live conversation: the two gates, the meter, the registry. */
@NullMarked
package dev.parley.session;

import org.jspecify.annotations.NullMarked;
