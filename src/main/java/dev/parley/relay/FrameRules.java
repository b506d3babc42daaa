package dev.parley.relay;

import org.jspecify.annotations.Nullable;

/** What RFC 6455 and the limits say about a frame before its payload is looked at. */
final class FrameRules {
    private FrameRules() {}

    /** Why the frame may not come now, or null. */
    static @Nullable Failure check(FrameHeader frame, boolean fromClient, CurrentMessage message, RelayLimits limits) {
        if (frame.reservedBits()) {
            return Failure.protocol("reserved bits without an extension");
        }
        if (frame.masked() != fromClient) {
            return Failure.protocol(fromClient ? "frame without a mask" : "masked frame from a server");
        }
        if (!frame.minimal() || frame.length() < 0) {
            return Failure.protocol("frame length is not written in the shortest form");
        }
        return frame.isControl() ? control(frame) : data(frame, message, limits);
    }

    private static @Nullable Failure control(FrameHeader frame) {
        if (frame.opcode() > FrameHeader.PONG) {
            return Failure.protocol("reserved opcode " + frame.opcode());
        }
        if (!frame.fin()) {
            return Failure.protocol("fragmented control frame");
        }
        return frame.length() > Frames.CONTROL_BYTES_MAX ? Failure.protocol("control frame is too long") : null;
    }

    private static @Nullable Failure data(FrameHeader frame, CurrentMessage message, RelayLimits limits) {
        if (frame.opcode() > FrameHeader.BINARY) {
            return Failure.protocol("reserved opcode " + frame.opcode());
        }
        boolean continues = frame.opcode() == FrameHeader.CONTINUATION;
        if (continues != message.begun()) {
            return Failure.protocol(continues ? "continuation of nothing" : "new message inside another");
        }
        if (frame.length() > limits.frameBytesMax()) {
            return Failure.tooBig("frame", limits.frameBytesMax());
        }
        if ((continues ? message.bytes() : 0) + frame.length() > limits.messageBytesMax()) {
            return Failure.tooBig("message", limits.messageBytesMax());
        }
        return continues && message.frames() >= limits.fragmentsMax()
                ? Failure.policy("message of more than " + limits.fragmentsMax() + " fragments")
                : null;
    }
}
