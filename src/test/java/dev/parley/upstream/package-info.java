@NullMarked
package dev.parley.upstream;

import org.jspecify.annotations.NullMarked;
