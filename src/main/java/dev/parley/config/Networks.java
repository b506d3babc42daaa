package dev.parley.config;

import java.math.BigInteger;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Networks of addresses, such as {@code 10.0.0.0/8} or {@code 2001:db8::/32}; an address alone is a network of one. Immutable. */
public final class Networks {
    public static final Networks NONE = new Networks(List.of());

    private final List<Network> all;

    private Networks(List<Network> all) {
        this.all = List.copyOf(all);
    }

    /**
     * Reads networks with commas between them.
     *
     * @throws IllegalArgumentException for anything else, for bits beyond the network, and for a network of all addresses
     */
    public static Networks parse(String text) {
        return new Networks(Stream.of(text.split(",", -1))
                .map(one -> Network.parse(one.strip()))
                .toList());
    }

    public boolean contains(InetAddress address) {
        return all.stream().anyMatch(network -> network.contains(address));
    }

    @Override
    public String toString() {
        return all.stream().map(Network::text).collect(Collectors.joining(","));
    }

    /**
     * One of them.
     *
     * @param bytes of an address: 4 or 16
     * @param bits that its addresses have in common
     * @param common those bits
     */
    private record Network(int bytes, int bits, BigInteger common, String text) {
        static Network parse(String text) {
            int slash = text.indexOf('/');
            byte[] first = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash))
                    .getAddress();
            int all = first.length * 8;
            int bits = slash < 0 ? all : Integer.parseInt(text.substring(slash + 1));
            BigInteger number = new BigInteger(1, first);
            boolean beyond = number.signum() > 0 && number.getLowestSetBit() < all - bits;
            if (bits < 1 || bits > all || beyond) {
                throw new IllegalArgumentException(text + " is no network");
            }
            return new Network(first.length, bits, number.shiftRight(all - bits), text);
        }

        boolean contains(InetAddress address) {
            byte[] other = address.getAddress();
            return other.length == bytes
                    && new BigInteger(1, other).shiftRight(bytes * 8 - bits).equals(common);
        }
    }
}
