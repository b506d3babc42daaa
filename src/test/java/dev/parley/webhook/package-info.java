/** Tests of webhooks, with real sockets and a real Postgres. */
@NullMarked
package dev.parley.webhook;

import org.jspecify.annotations.NullMarked;
