// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import java.lang.foreign.MemorySegment;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * Takes the bytes of a reply into memory, and no more than fit: what an endless reply has behind
 * them is not waited for.
 */
final class RangeBody implements HttpResponse.BodySubscriber<Long> {
  private final MemorySegment into;
  private final CompletableFuture<Long> end = new CompletableFuture<>();
  private Flow.@Nullable Subscription subscription; // guarded by this, as what follows
  private long received;
  private boolean closed;

  /** Into that memory, which is not touched once {@link #close} has returned. */
  RangeBody(MemorySegment into) {
    this.into = into;
  }

  /** How many bytes have come. */
  synchronized long received() {
    return received;
  }

  /** Takes nothing more. */
  synchronized void close() {
    closed = true;
    if (subscription != null) {
      subscription.cancel();
    }
  }

  @Override
  public CompletionStage<Long> getBody() {
    return end;
  }

  @Override
  public synchronized void onSubscribe(Flow.Subscription given) {
    if (closed || into.byteSize() == 0) {
      given.cancel();
      end.complete(0L);
      return;
    }
    subscription = given;
    given.request(Long.MAX_VALUE); // each is copied at once
  }

  @Override
  public synchronized void onNext(List<ByteBuffer> buffers) {
    for (ByteBuffer buffer : buffers) {
      if (closed) {
        return;
      }
      long count = Math.min(buffer.remaining(), into.byteSize() - received);
      MemorySegment.copy(MemorySegment.ofBuffer(buffer), 0, into, received, count);
      received += count;
      if (count < buffer.remaining()) {
        close();
        end.complete(received);
      }
    }
  }

  @Override
  public void onError(Throwable failure) {
    end.completeExceptionally(failure);
  }

  @Override
  public synchronized void onComplete() {
    end.complete(received);
  }
}
