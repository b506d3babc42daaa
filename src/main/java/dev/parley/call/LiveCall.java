package dev.parley.call;

import dev.parley.auth.Caller;
import dev.parley.domain.ModelName;
import java.time.Instant;

/**
 * A call that the model has taken: all that a node has to know to serve it.
 *
 * @param account the upstream account that it is on
 * @param caller whose token began it
 * @param asked what the model was called when it was asked for
 * @param startedAt its length is counted from here, whatever node serves it
 */
public record LiveCall(CallId id, String account, Caller caller, ModelName asked, ModelName model, Instant startedAt) {}
