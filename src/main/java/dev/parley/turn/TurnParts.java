package dev.parley.turn;

import dev.parley.conversation.Conversation;
import dev.parley.session.Recording;
import dev.parley.session.RequestRules;
import dev.parley.session.ResponsePrice;
import dev.parley.session.SessionOrder;
import dev.parley.session.SessionReport;
import dev.parley.session.SessionServices;
import dev.parley.session.Underwriter;
import dev.parley.session.UsageFiler;
import io.vertx.core.Vertx;

/** What the parts of one session in turn mode share. On its event loop. */
record TurnParts(
        Vertx vertx,
        SessionServices services,
        SessionOrder order,
        TurnLimits limits,
        LoopUpstreams upstreams,
        TurnLife life,
        TurnSettings settings,
        Conversation conversation,
        Outbox outbox,
        ResponsePrice price,
        RequestRules rules,
        Underwriter underwriter,
        UsageFiler filer,
        SessionReport report,
        Recording recording) {}
