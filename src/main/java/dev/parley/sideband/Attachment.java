package dev.parley.sideband;

import dev.parley.call.LiveCall;
import dev.parley.dialect.AliasDialect;
import dev.parley.dialect.Dialect;
import dev.parley.dialect.ModelAlias;
import dev.parley.domain.ModelKind;
import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.quota.SessionPermit;
import dev.parley.relay.LegEnd;
import dev.parley.session.CallLine;
import dev.parley.session.CallSession;
import dev.parley.session.ModelPolicy;
import dev.parley.session.SessionOrder;
import dev.parley.session.TenantTerms;
import dev.parley.upstream.Account;
import dev.parley.upstream.Dialer;
import dev.parley.upstream.UpstreamConnector.Lease;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;

/**
 * One try to connect to a call's sideband, which becomes the upstream of the call's session. Owns the permit and the place at
 * the account until then: a try that fails gives both back. One event loop.
 */
final class Attachment implements Dialer.Call, Lease {
    private static final String GONE = "http_404";

    private final CallParts parts;
    private final LiveCall call;
    private final TenantTerms terms;
    private final ModelPolicy models;
    private final SessionId id;
    private final SessionPermit permit;
    private final Account account;
    private final CallLine line;
    private final Promise<Result> result = Promise.promise();

    /** What came of it. */
    sealed interface Result {
        record Attached() implements Result {}

        /** @param over whether there is no such call any more */
        record Failed(boolean over, Refusal refusal) implements Result {}
    }

    /** @param account in which a place is taken */
    Attachment(
            CallParts parts,
            LiveCall call,
            TenantTerms terms,
            ModelPolicy models,
            SessionId id,
            SessionPermit permit,
            Account account,
            CallLine line) {
        this.parts = parts;
        this.call = call;
        this.terms = terms;
        this.models = models;
        this.id = id;
        this.permit = permit;
        this.account = account;
        this.line = line;
    }

    /** Never fails. */
    Future<Result> begin() {
        parts.upstream().listen(account, call.id().value(), this);
        return result.future();
    }

    @Override
    public void opened(Dialer.Opened opened) {
        Context context = Vertx.currentContext();
        // The call's own id: whichever node listens, what it writes down has the same ids.
        UpstreamSession sideband = new UpstreamSession(
                opened.leg(), account.name(), call.id().value(), opened.created(), List.of(), opened.names(), this);
        Duration lasted =
                Duration.between(call.startedAt(), parts.services().ticker().now());
        new CallSession(
                        context,
                        parts.services(),
                        parts.registry(),
                        order(),
                        sideband,
                        lasted.isNegative() ? Duration.ZERO : lasted,
                        line)
                .start();
        result.complete(new Result.Attached());
    }

    @Override
    public void failed(Dialer.Failure failure) {
        permit.release();
        result.complete(new Result.Failed(failure.code().equals(GONE), failure.refusal()));
    }

    @Override
    public void gone() {
        account.giveBack();
    }

    @Override
    public void ended(LegEnd end) {
        account.giveBack();
    }

    @Override
    public void reported(String code) {
        // what is wrong with the account is found out where sessions are opened
    }

    private SessionOrder order() {
        Dialect dialect = call.asked().equals(call.model())
                ? Dialect.GA
                : new AliasDialect(
                        new ModelAlias(call.asked().value(), call.model().value()));
        return new SessionOrder(
                id, terms, call.caller(), ModelKind.CONVERSATION, call.model(), call.asked(), dialect, models, permit);
    }
}
