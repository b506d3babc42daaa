package dev.parley.clients;

import dev.parley.gateway.BrokerRig;
import dev.parley.turn.TurnRig;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.RegisterExtension;

/** OpenAI's own clients through one broker on the simulator; prints how each did in each scenario. */
class OpenAiClientsIT {
    private static final String WS = "OpenAIRealtimeWS";
    private static final String WEB_SOCKET = "OpenAIRealtimeWebSocket";

    @RegisterExtension
    static final ClientTable TABLE = new ClientTable();

    private static final Map<String, NodePlayer> PLAYERS = new HashMap<>();
    private static @Nullable BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        NodeScenario.install();
        rig = TurnRig.start();
    }

    @AfterAll
    static void stop() {
        PLAYERS.values().forEach(NodePlayer::close);
        PLAYERS.clear();
        rig().close();
    }

    static BrokerRig rig() {
        BrokerRig started = rig;
        if (started == null) {
            throw new IllegalStateException("the broker is started before the first client");
        }
        return started;
    }

    /** The process of a client's class; started when it is first asked for. */
    static NodePlayer player(String dialect, String clientClass) throws IOException {
        String name = dialect + ' ' + clientClass;
        NodePlayer player = PLAYERS.get(name);
        if (player == null) {
            player = new NodePlayer(dialect, clientClass, rig().port());
            PLAYERS.put(name, player);
        }
        return player;
    }

    @Nested
    @DisplayName("openai 7.x, OpenAIRealtimeWS")
    class GaWs extends NodeClientScenarios {
        GaWs() throws IOException {
            super(WS);
        }
    }

    @Nested
    @DisplayName("openai 7.x, OpenAIRealtimeWebSocket")
    class GaWebSocket extends NodeClientScenarios {
        GaWebSocket() throws IOException {
            super(WEB_SOCKET);
        }
    }

    @Nested
    @DisplayName("openai 4.104 (beta), OpenAIRealtimeWS")
    class BetaWs extends BetaClientScenarios {
        BetaWs() throws IOException {
            super(WS);
        }
    }

    @Nested
    @DisplayName("openai 4.104 (beta), OpenAIRealtimeWebSocket")
    class BetaWebSocket extends BetaClientScenarios {
        BetaWebSocket() throws IOException {
            super(WEB_SOCKET);
        }
    }

    @Nested
    @DisplayName("openai-java 4.x, RealtimeConnection")
    class Java extends JavaClientScenarios {}

    @Nested
    class Recorded extends RecordedConversations {}
}
