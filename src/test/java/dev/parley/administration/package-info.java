@NullMarked
package dev.parley.administration;

import org.jspecify.annotations.NullMarked;
