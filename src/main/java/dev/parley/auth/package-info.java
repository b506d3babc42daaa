/** From a bearer token to a {@code Caller}; issuers and their keys. */
@NullMarked
package dev.parley.auth;

import org.jspecify.annotations.NullMarked;
