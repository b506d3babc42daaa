package dev.parley.rest;

import dev.parley.auth.Caller;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;

/** A part of the API. Thread-safe. */
interface Surface {
    boolean serves(String path);

    /** The method of all its paths. */
    String method();

    /** For a caller that has been verified, of a tenant that is active. Fails only when something is away. */
    Future<Answer> answer(Call call, Caller caller, Tenant tenant);
}
