package dev.parley.outbound;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.WriteStream;
import io.vertx.ext.web.codec.BodyCodec;
import io.vertx.ext.web.codec.spi.BodyStream;
import org.jspecify.annotations.Nullable;

/** The body of a response as a buffer of at most {@code bytesMax}; a longer one fails as soon as it is too long. */
record CappedBody(int bytesMax) implements BodyCodec<Buffer> {
    @Override
    public BodyStream<Buffer> stream() {
        return new CappedStream(bytesMax);
    }

    private static final class CappedStream implements BodyStream<Buffer> {
        private final int bytesMax;
        private final Buffer body = Buffer.buffer();
        private final Promise<Buffer> result = Promise.promise();

        CappedStream(int bytesMax) {
            this.bytesMax = bytesMax;
        }

        @Override
        public Future<Buffer> result() {
            return result.future();
        }

        @Override
        public void handle(Throwable failure) {
            result.tryFail(failure);
        }

        @Override
        public Future<Void> write(Buffer data) {
            if (body.length() + data.length() > bytesMax) {
                OutboundException tooLong =
                        new OutboundException("the answer is longer than " + bytesMax + " bytes", null);
                result.tryFail(tooLong);
                return Future.failedFuture(tooLong);
            }
            body.appendBuffer(data);
            return Future.succeededFuture();
        }

        @Override
        public Future<Void> end() {
            result.tryComplete(body);
            return result.future().mapEmpty();
        }

        @Override
        public WriteStream<Buffer> exceptionHandler(@Nullable Handler<Throwable> handler) {
            return this;
        }

        @Override
        public WriteStream<Buffer> setWriteQueueMaxSize(int maxSize) {
            return this;
        }

        @Override
        public boolean writeQueueFull() {
            return false;
        }

        @Override
        public WriteStream<Buffer> drainHandler(@Nullable Handler<Void> handler) {
            return this;
        }
    }
}
