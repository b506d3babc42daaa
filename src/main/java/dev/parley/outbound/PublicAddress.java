package dev.parley.outbound;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;

/**
 * Which addresses belong to the open Internet. Everything else (loopback, private, link-local with the metadata services of
 * clouds, shared, test, multicast, and IPv6 forms that carry an IPv4 address inside) must not be reached on a tenant's word.
 * After the IANA special-purpose address registries.
 */
final class PublicAddress {
    private static final List<Range> SPECIAL_V4 = List.of(
            Range.v4(0, 0, 0, 8),
            Range.v4(10, 0, 0, 8),
            Range.v4(100, 64, 0, 10),
            Range.v4(127, 0, 0, 8),
            Range.v4(169, 254, 0, 16),
            Range.v4(172, 16, 0, 12),
            Range.v4(192, 0, 0, 24),
            Range.v4(192, 0, 2, 24),
            Range.v4(192, 88, 99, 24),
            Range.v4(192, 168, 0, 16),
            Range.v4(198, 18, 0, 15),
            Range.v4(198, 51, 100, 24),
            Range.v4(203, 0, 113, 24),
            Range.v4(224, 0, 0, 3));
    private static final Range GLOBAL_V6 = Range.v6(0x2000, 0, 3);
    private static final List<Range> SPECIAL_V6 = List.of(
            Range.v6(0x2001, 0, 23), Range.v6(0x2001, 0x0db8, 32), Range.v6(0x2002, 0, 16), Range.v6(0x3fff, 0, 20));

    private PublicAddress() {}

    static boolean isPublic(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (address instanceof Inet6Address) {
            return GLOBAL_V6.holds(bytes) && SPECIAL_V6.stream().noneMatch(range -> range.holds(bytes));
        }
        return SPECIAL_V4.stream().noneMatch(range -> range.holds(bytes));
    }

    /** The first 32 bits of an address, of which the upper {@code bits} count. */
    private record Range(int prefix, int bits) {
        static Range v4(int a, int b, int c, int bits) {
            return new Range(a << 24 | b << 16 | c << 8, bits);
        }

        static Range v6(int first, int second, int bits) {
            return new Range(first << 16 | second, bits);
        }

        boolean holds(byte[] address) {
            int start = (address[0] & 0xff) << 24
                    | (address[1] & 0xff) << 16
                    | (address[2] & 0xff) << 8
                    | (address[3] & 0xff);
            return (start ^ prefix) >>> (Integer.SIZE - bits) == 0;
        }
    }
}
