package dev.parley.session;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.TokenUsage;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.Rates;
import dev.parley.ledger.UsageEntry.Kind;
import dev.parley.protocol.UsageReport;

/**
 * What a piece of work used and cost, and whether the provider said so or it had to be estimated; the rules are those of
 * protocol.md §3.3. Pure.
 */
public record Settlement(Kind kind, TokenUsage tokens, long millis, NanoUsd cost) {
    /**
     * From what the provider told. Tokens it gave no class are billed as the dearest class they can be.
     *
     * @param textOnly whether the output can be nothing but text
     */
    public static Settlement reported(UsageReport report, PricedModel model, boolean textOnly) {
        Rates rates = model.rates();
        Kind kind = report.complete() ? Kind.USAGE : Kind.ESTIMATED;
        TokenUsage tokens = report.complete() ? report.tokens() : dearest(report, rates, textOnly);
        if (rates.timeBilled() && report.byDuration()) {
            return new Settlement(kind, tokens, report.millis(), model.cost(report.millis()));
        }
        return new Settlement(kind, tokens, report.millis(), model.cost(tokens));
    }

    /** From what is known without the provider. */
    public static Settlement estimated(TokenUsage tokens, PricedModel model) {
        return new Settlement(Kind.ESTIMATED, tokens, 0, model.cost(tokens));
    }

    /** For audio that was sent to a model that is billed by what it is sent. */
    static Settlement counted(long millis, PricedModel model) {
        return new Settlement(Kind.USAGE, TokenUsage.NONE, millis, model.cost(millis));
    }

    /** From audio of known length. */
    public static Settlement estimated(long millis, PricedModel model) {
        if (model.rates().timeBilled()) {
            return new Settlement(Kind.ESTIMATED, TokenUsage.NONE, millis, model.cost(millis));
        }
        TokenUsage tokens = TranscriptionPrice.typical(millis);
        return new Settlement(Kind.ESTIMATED, tokens, millis, model.cost(tokens));
    }

    /** Whether the report is in the measure that the model is priced by. */
    public static boolean pricedBy(UsageReport report, PricedModel model) {
        return model.rates().timeBilled() == report.byDuration();
    }

    private static TokenUsage dearest(UsageReport report, Rates rates, boolean textOnly) {
        TokenUsage told = report.tokens();
        long textIn = told.textIn();
        long audioIn = told.audioIn();
        if (rates.audioIn() >= rates.textIn()) {
            audioIn += report.inputUnassigned();
        } else {
            textIn += report.inputUnassigned();
        }
        boolean audioOutDearest = !textOnly && rates.audioOut() > rates.textOut();
        long textOut = told.textOut() + (audioOutDearest ? 0 : report.outputUnassigned());
        long audioOut = told.audioOut() + (audioOutDearest ? report.outputUnassigned() : 0);
        // Cached tokens save the least in text: what has no class is taken for text as far as there is text.
        long cachedText = Math.min(textIn, told.cachedText() + report.cachedUnassigned());
        long rest = told.cachedText() + report.cachedUnassigned() - cachedText;
        long cachedAudio = Math.min(audioIn, told.cachedAudio() + rest);
        return new TokenUsage(
                textIn,
                audioIn,
                told.imageIn(),
                cachedText,
                cachedAudio,
                told.cachedImage(),
                textOut,
                audioOut,
                told.reasoningOut());
    }
}
