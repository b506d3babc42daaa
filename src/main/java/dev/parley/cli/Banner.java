package dev.parley.cli;

import dev.parley.config.BrokerConfig;
import dev.parley.config.ListenerConfig;
import dev.parley.launcher.Talk;
import dev.parley.server.Broker;
import dev.parley.server.Demo;
import java.io.PrintWriter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What a person who has just started the broker needs next. On the terminal only: it holds a token. */
final class Banner {
    private static final String MODEL = "gpt-realtime-2.1";

    /** The package always speaks wss; this gives it a socket without TLS. */
    private static final String PLAIN_SOCKET =
            "{ createConnection: ({ host, port }) => process.getBuiltinModule('net').connect(port, host) }";

    /** What no shell reads anything into. */
    private static final Pattern PLAIN_WORD = Pattern.compile("[A-Za-z0-9_./:@+-]+");

    private Banner() {}

    static void print(PrintWriter out, Broker broker, BrokerConfig config, Demo demo) {
        String tenants = url("http", config.http(), broker.tenantPort());
        String sockets = url("ws", config.http(), broker.tenantPort());
        String upstream = broker.upstreams();
        out.printf(
                """

                Parley is running. Ctrl-C stops it.

                  clients   %s/v1/realtime
                  console   %s%s
                  admin     %s/api/v1, /health/ready, /metrics
                  upstream  %s
                  tenant    %s, budget %s
                  token     %s

                Talk to it, in a second terminal:

                  java -cp %s %s '%s/v1/realtime?model=%s' %s

                With the openai package (npm install openai ws; README.md has the whole conversation):

                  import OpenAI from 'openai';
                  import { OpenAIRealtimeWS } from 'openai/realtime/ws';
                  const client = new OpenAI({ baseURL: '%s/v1', apiKey: '<token>' });
                  const rt = new OpenAIRealtimeWS({ model: '%s'%s }, client);
                  rt.on('response.output_text.delta', (event) => process.stdout.write(event.delta));

                """,
                tenants,
                console(broker, config),
                broker.firstLink().isPresent()
                        ? "\n            sign in there first: the link makes you the owner, once, within a day"
                        : "",
                url("http", config.admin(), broker.adminPort()),
                upstream,
                demo.tenant().id(),
                budgets(demo),
                demo.token(),
                classPath(),
                Talk.class.getName(),
                sockets,
                MODEL,
                demo.token(),
                tenants,
                MODEL,
                config.http().tls() ? "" : ", options: " + PLAIN_SOCKET);
        out.flush();
    }

    /** For a broker without a demo tenant: only where its first owner signs in. */
    static void printFirstLink(PrintWriter out, Broker broker, BrokerConfig config) {
        if (broker.firstLink().isPresent()) {
            out.printf(
                    "%nThere is no administrator yet. Sign in once, within a day, to be the owner:%n%n  %s%n%n",
                    console(broker, config));
            out.flush();
        }
    }

    private static String console(Broker broker, BrokerConfig config) {
        return url("http", config.admin(), broker.adminPort())
                + broker.firstLink().orElse("/");
    }

    private static String url(String scheme, ListenerConfig listener, int port) {
        boolean everywhere =
                listener.host().equals("0.0.0.0") || listener.host().equals("::");
        String host = everywhere ? "127.0.0.1" : listener.host();
        host = host.contains(":") ? "[" + host + "]" : host;
        return scheme + (listener.tls() ? "s" : "") + "://" + host + ":" + port;
    }

    private static String budgets(Demo demo) {
        return demo.tenant().budgets().stream().map(SettingsView::text).collect(Collectors.joining("; "));
    }

    /** The jar or the folder that the client is in, for a shell in any folder. */
    private static String classPath() {
        try {
            Path home = Path.of(Talk.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return quoted(home.toAbsolutePath().toString());
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the class path holds no path", e);
        }
    }

    /** As one word of a shell. */
    private static String quoted(String text) {
        return PLAIN_WORD.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
