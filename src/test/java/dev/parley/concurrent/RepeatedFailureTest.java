package dev.parley.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RepeatedFailureTest {
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final Logger logger = new LoggerContext().getLogger("work");
    private final RepeatedFailure trouble = new RepeatedFailure(logger, "the work cannot be done now");

    @BeforeEach
    void listen() {
        log.start();
        logger.addAppender(log);
    }

    @Test
    void warnsOfTheFirstFailureWithItsCause() {
        trouble.met(new IllegalStateException("no connection"));
        trouble.met(new IllegalStateException("still none"));

        assertThat(log.list).singleElement().satisfies(event -> {
            assertThat(event.getLevel()).isEqualTo(Level.WARN);
            assertThat(event.getFormattedMessage()).isEqualTo("the work cannot be done now");
            assertThat(event.getKeyValuePairs()).singleElement().satisfies(pair -> {
                assertThat(pair.key).isEqualTo("cause");
                assertThat(pair.value).isEqualTo("no connection");
            });
        });
    }

    @Test
    void warnsAgainWhenItHasSucceededInBetween() {
        trouble.over();
        assertThat(log.list).as("success is no news").isEmpty();

        trouble.met(new IllegalStateException("first"));
        trouble.over();
        trouble.met(new IllegalStateException("second"));
        assertThat(log.list)
                .extracting(event -> event.getKeyValuePairs().getFirst().value)
                .containsExactly("first", "second");
    }
}
