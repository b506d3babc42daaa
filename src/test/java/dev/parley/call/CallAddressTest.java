package dev.parley.call;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is called, as a SIP header says it. */
class CallAddressTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "sip:+15550100@sip.example.com",
                "<sip:+15550100@sip.example.com>;tag=1",
                "Sales <sips:+15550100@SIP.example.com:5061;transport=tls>",
                "\"sip:victim@sip.example.com\" <sip:+15550100@sip.example.com>",
                "\"a \\\" <sip:victim@x>\" <sip:+15550100@sip.example.com>"
            })
    void isReadFromTheUriAndNotFromTheNameBeforeIt(String header) {
        assertThat(CallAddress.inHeader(header))
                .containsExactly(new CallAddress("+15550100@sip.example.com"), new CallAddress("+15550100"));
    }

    @Test
    void isNotReadFromWhatIsNone() {
        assertThat(CallAddress.inHeader("")).isEmpty();
        assertThat(CallAddress.inHeader("\"sip:victim@x\"")).isEmpty();
        assertThat(CallAddress.inHeader("tel:+15550100")).isEmpty();
    }
}
