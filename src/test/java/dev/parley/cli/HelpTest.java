package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class HelpTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve",
                "migrate",
                "token",
                "token revoke",
                "tenant",
                "tenant create",
                "tenant list",
                "tenant show",
                "tenant set",
                "tenant suspend",
                "tenant resume",
                "tenant origins",
                "tenant issuer",
                "tenant issuer add",
                "tenant issuer list",
                "tenant issuer remove",
                "simulator",
                "bench",
                "webhook",
                "webhook add",
                "webhook list",
                "webhook remove",
                "webhook enable",
                "webhook disable",
                "webhook test",
                "webhook deliveries",
                "webhook retry",
                "models",
                "models list",
                "models import",
                "models alias",
                "models unalias",
                "billing",
                "billing verify",
                "billing export",
                "billing close",
                "billing rebuild",
                "billing reconcile",
                "bench ledger",
                "audit verify",
                "audit checkpoint",
                "administrator list",
                "administrator link",
                "bench relay",
                "bench uploads"
            })
    void everyCommandExplainsItself(String command) {
        StringWriter out = new StringWriter();

        int code = Converters.register(new CommandLine(new ParleyCommand()))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(out))
                .execute((command + " --help").split(" "));

        assertThat(code).isZero();
        assertThat(out.toString()).startsWith("Usage: parley " + command + " ");
    }
}
