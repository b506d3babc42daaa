package dev.parley.rest;

import dev.parley.auth.Caller;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import java.util.List;

/** A part of the API. Thread-safe. */
interface Surface {
    List<Route> routes();

    /** For a caller that has been verified, of a tenant that is active. Fails only when something is away. */
    Future<Answer> answer(Call call, Caller caller, Tenant tenant);
}
