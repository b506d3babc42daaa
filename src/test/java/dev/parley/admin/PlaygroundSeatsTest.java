package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlaygroundSeatsTest {
    private final PlaygroundSeats seats = new PlaygroundSeats();

    @Test
    void nobodyTakesMoreThanTheirOwn() {
        for (int i = 0; i < PlaygroundSeats.OWN_MAX; i++) {
            assertThat(seats.take(1)).isEmpty();
        }

        assertThat(seats.take(1)).hasValueSatisfying(why -> assertThat(why).contains("4 playgrounds"));
        assertThat(seats.take(2)).isEmpty();
        seats.leave(1);
        assertThat(seats.take(1)).isEmpty();
    }

    @Test
    void thereAreNoMoreThanSoManyInAll() {
        for (int i = 0; i < PlaygroundSeats.MAX; i++) {
            assertThat(seats.take(i)).isEmpty();
        }

        assertThat(seats.take(100)).hasValueSatisfying(why -> assertThat(why).contains("Too many"));
        seats.leave(0);
        assertThat(seats.take(100)).isEmpty();
    }
}
