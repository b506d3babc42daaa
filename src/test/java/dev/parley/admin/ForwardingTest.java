package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.Networks;
import java.util.List;
import org.junit.jupiter.api.Test;

class ForwardingTest {
    private static final String PROXY = "10.0.0.7";
    private final Forwarding behindProxies = new Forwarding(Networks.parse("10.0.0.0/24, 2001:db8::/64"));

    @Test
    void believesNobodyUnlessProxiesAreNamed() {
        assertThat(new Forwarding(Networks.NONE).address(PROXY, List.of("203.0.113.5")))
                .isEqualTo(PROXY);
    }

    @Test
    void believesOnlyTheProxies() {
        assertThat(behindProxies.address("198.51.100.9", List.of("203.0.113.5")))
                .isEqualTo("198.51.100.9");
        assertThat(behindProxies.address("unknown", List.of("203.0.113.5"))).isEqualTo("unknown");
    }

    @Test
    void takesWhomTheProxyNames() {
        assertThat(behindProxies.address(PROXY, List.of("203.0.113.5"))).isEqualTo("203.0.113.5");
        assertThat(behindProxies.address("2001:db8::1", List.of("203.0.113.5"))).isEqualTo("203.0.113.5");
    }

    @Test
    void isNotMisledByWhatTheClientPutsBefore() {
        assertThat(behindProxies.address(PROXY, List.of("1.1.1.1, 10.0.0.8, 203.0.113.5")))
                .isEqualTo("203.0.113.5");
        assertThat(behindProxies.address(PROXY, List.of("1.1.1.1", "203.0.113.5, 10.0.0.9")))
                .isEqualTo("203.0.113.5");
    }

    @Test
    void takesTheFirstOfAChainOfProxies() {
        assertThat(behindProxies.address(PROXY, List.of("10.0.0.9,10.0.0.8"))).isEqualTo("10.0.0.9");
    }

    @Test
    void keepsTheNearestProxyWhenWhatItSaysIsNoAddress() {
        for (String said : List.of("", "unknown", "_hidden", "1.2.3.4.5", "fe80::1%eth0", "[", "host.example", " , ")) {
            assertThat(behindProxies.address(PROXY, List.of("203.0.113.5, " + said)))
                    .as(said)
                    .isEqualTo(PROXY);
        }
    }

    @Test
    void readsPortsAndBracketsAndMappedAddresses() {
        assertThat(behindProxies.address(PROXY, List.of("203.0.113.5:4711"))).isEqualTo("203.0.113.5");
        assertThat(behindProxies.address(PROXY, List.of("[2001:db9::5]:4711"))).isEqualTo("2001:db9:0:0:0:0:0:5");
        assertThat(behindProxies.address(PROXY, List.of("203.0.113.5, ::ffff:10.0.0.9")))
                .isEqualTo("203.0.113.5");
    }

    @Test
    void isSecureByItsOwnCertificateOrByATrustedProxy() {
        assertThat(behindProxies.secure(true, "198.51.100.9", List.of())).isTrue();
        assertThat(behindProxies.secure(false, PROXY, List.of("https"))).isTrue();
        assertThat(behindProxies.secure(false, PROXY, List.of("https, http"))).isFalse();
        assertThat(behindProxies.secure(false, PROXY, List.of())).isFalse();
        assertThat(behindProxies.secure(false, "198.51.100.9", List.of("https")))
                .isFalse();
    }
}
