/** Tells webhooks what happened: signed HTTP requests, tried again until they are taken. */
@NullMarked
package dev.parley.webhook;

import org.jspecify.annotations.NullMarked;
