/** Ids, money, token counts, refusals and close reasons: values with no behaviour beyond their own rules. And who the node is. */
@NullMarked
package dev.parley.domain;

import org.jspecify.annotations.NullMarked;
