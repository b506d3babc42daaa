package dev.parley.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NetworksTest {
    @Test
    void holdsTheAddressesThatBeginAlike() {
        Networks networks = Networks.parse("10.4.0.0/14, 192.0.2.7,2001:db8::/33");

        assertThat(List.of("10.4.0.0", "10.7.255.255", "192.0.2.7", "2001:db8:7fff::1", "::ffff:10.5.0.1"))
                .allMatch(address -> networks.contains(InetAddress.ofLiteral(address)));
        assertThat(List.of("10.8.0.0", "10.3.255.255", "192.0.2.8", "2001:db8:8000::1", "::10.5.0.1"))
                .noneMatch(address -> networks.contains(InetAddress.ofLiteral(address)));
        assertThat(Networks.NONE.contains(InetAddress.ofLiteral("127.0.0.1"))).isFalse();
    }

    @Test
    void aMistakeStopsTheStartAndNamesTheSetting() {
        for (String mistake : List.of(
                "10.0.0.0/33",
                "10.0.0.1/8",
                "0.0.0.0/0",
                "::/0",
                "10.0.0.0/-1",
                "10.0.0.0/",
                "proxy.local",
                "10.0.0.0/8,")) {
            assertThatThrownBy(() -> ConfigLoader.load(null, Map.of("PARLEY_ADMIN_TRUSTED_PROXIES", mistake)))
                    .as(mistake)
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("PARLEY_ADMIN_TRUSTED_PROXIES = " + mistake + ": must be networks such as");
        }
    }

    @Test
    void isReadFromTheSettings() throws Exception {
        assertThat(ConfigLoader.load(null, Map.of("PARLEY_ADMIN_TRUSTED_PROXIES", "10.0.0.0/8"))
                        .config()
                        .adminProxies())
                .hasToString("10.0.0.0/8");
    }
}
