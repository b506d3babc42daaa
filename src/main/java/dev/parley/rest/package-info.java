/** What the tenant plane answers over plain HTTP: models, usage. No sockets here: requests in, answers out. */
@NullMarked
package dev.parley.rest;

import org.jspecify.annotations.NullMarked;
