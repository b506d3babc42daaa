@NullMarked
package dev.parley.rest;

import org.jspecify.annotations.NullMarked;
