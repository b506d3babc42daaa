@NullMarked
package dev.parley.content;

import org.jspecify.annotations.NullMarked;
