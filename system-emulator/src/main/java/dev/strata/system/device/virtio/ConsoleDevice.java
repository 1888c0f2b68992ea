// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.device.virtio;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.strata.block.BlockException;
import dev.strata.block.Errno;
import dev.strata.block.virtio.BrokenQueueException;
import dev.strata.block.virtio.Chain;
import dev.strata.block.virtio.SplitQueue;
import dev.strata.system.chardev.Line;
import dev.strata.system.state.StateFields;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Serial lines, up to 31, some of them consoles. Ports are added before the guest runs.
 *
 * @see "Virtual I/O Device (VIRTIO) 1.1, 5.3 Console Device"
 */
public final class ConsoleDevice implements VirtioDevice {
  /** The most ports there can be. */
  public static final int MOST_PORTS = 31;

  private static final long MULTIPORT = 1 << 1; // features
  private static final long EMERGENCY_WRITE = 1 << 2;

  private static final int EMERGENCY = 8; // in the configuration, with its end
  private static final int CONFIGURATION_END = 12;

  private static final int CONTROL_TO_GUEST = 2; // queues
  private static final int CONTROL_FROM_GUEST = 3;

  private static final int DEVICE_READY = 0; // events of control messages
  private static final int PORT_ADD = 1;
  private static final int PORT_READY = 3;
  private static final int CONSOLE_PORT = 4;
  private static final int PORT_OPEN = 6;
  private static final int PORT_NAME = 7;

  private static final int MESSAGE = 8;
  private static final int MOST_MESSAGES = 8 * (MOST_PORTS + 1);

  private final int most;
  private final @Nullable ConsolePort[] ports;
  private final ArrayDeque<byte[]> messages = new ArrayDeque<>(); // the worker's, and reset's
  private VirtioTransport transport = VirtioTransport.NONE;
  private volatile boolean multiport;

  /**
   * A device without ports.
   *
   * @param most how many there can be, 1 to {@value #MOST_PORTS}
   */
  public ConsoleDevice(int most) {
    this.most = most;
    ports = new ConsolePort[most];
  }

  /**
   * Adds a port, before the guest runs.
   *
   * @param wanted its number, or -1 for the next
   * @param console whether it is one; only a console is the first port, if its number is not wanted
   * @param name how the guest finds it, or empty
   * @return its number
   */
  public int add(int wanted, boolean console, String name, Line line) throws BlockException {
    int number = wanted < 0 ? free(console) : wanted;
    if (number < 0) {
      throw error("virtio-serial-bus: Maximum port limit for this device reached");
    }
    if (number >= most) {
      throw error("virtio-serial-bus: Out-of-range port id specified, max. allowed: " + (most - 1));
    }
    if (ports[number] != null) {
      throw error("virtio-serial-bus: A port already exists at id " + number);
    }
    if (number == 0 && !console) {
      throw error(
          "Port number 0 on virtio-serial devices reserved for virtconsole devices for backward"
              + " compatibility.");
    }
    var port =
        new ConsolePort(number, console, name, line, () -> transport.attend(toGuest(number)));
    ports[number] = port;
    port.connect();
    return number;
  }

  /** Whether there is a number left for another port. */
  public boolean hasRoom(boolean console) {
    return free(console) >= 0;
  }

  private int free(boolean console) {
    for (int number = console ? 0 : 1; number < most; number++) {
      if (ports[number] == null) {
        return number;
      }
    }
    return -1;
  }

  private static BlockException error(String message) {
    return new BlockException(Errno.EINVAL, message);
  }

  @Override
  public int kind() {
    return 3;
  }

  @Override
  public int transitionalId() {
    return 0x1003;
  }

  @Override
  public int classCode() {
    return 0x078000;
  }

  @Override
  public long features() {
    return EMERGENCY_WRITE | (most > 1 ? MULTIPORT : 0);
  }

  /** Two for each port, and two for control behind the first port's. */
  @Override
  public int queues() {
    return 2 * most + 2;
  }

  private static int toGuest(int port) {
    return port == 0 ? 0 : 2 * port + 2;
  }

  /** The port of a queue that is not for control, or null. */
  private @Nullable ConsolePort port(int queueIndex) {
    int number = queueIndex < CONTROL_TO_GUEST ? 0 : queueIndex / 2 - 1;
    return number == 0 || multiport ? ports[number] : null;
  }

  @Override
  public int configuration(int offset) {
    var layout = ByteBuffer.allocate(CONFIGURATION_END).order(ByteOrder.LITTLE_ENDIAN);
    layout.putInt(4, most);
    return offset < layout.capacity() ? layout.get(offset) & 0xff : 0;
  }

  @Override
  public void configure(int offset, int value) {
    ConsolePort first = ports[0];
    if (offset == EMERGENCY && first != null) {
      first.send((byte) value); // even if there is no driver
    }
  }

  @Override
  public void connect(VirtioTransport by) {
    transport = by;
  }

  @Override
  public void reset() {
    messages.clear();
    multiport = false;
    for (ConsolePort port : ports) {
      if (port != null) {
        port.reset();
      }
    }
  }

  @Override
  public void accept(long features) {
    multiport = (features & MULTIPORT) != 0;
    ConsolePort first = ports[0];
    if (!multiport && first != null) {
      first.open(true); // nobody is going to say so
    }
  }

  @Override
  public boolean work(int queueIndex, SplitQueue queue) throws BrokenQueueException {
    return switch (queueIndex) {
      case CONTROL_TO_GUEST -> tell(queue);
      case CONTROL_FROM_GUEST -> listen(queue);
      default -> (queueIndex & 1) == 0 ? give(port(queueIndex), queue) : send(queueIndex, queue);
    };
  }

  private static boolean give(@Nullable ConsolePort port, SplitQueue queue)
      throws BrokenQueueException {
    if (port == null || !port.isWaiting()) {
      return false;
    }
    Chain chain = queue.take();
    if (chain == null) {
      return false;
    }
    queue.give(chain, port.give(chain.writable()));
    return true;
  }

  private boolean send(int queueIndex, SplitQueue queue) throws BrokenQueueException {
    Chain chain = queue.take();
    if (chain == null) {
      return false;
    }
    ConsolePort port = port(queueIndex);
    if (port != null) {
      port.send(chain.readable());
    }
    queue.give(chain, 0);
    return true;
  }

  // --- control ---

  private boolean tell(SplitQueue queue) throws BrokenQueueException {
    if (messages.isEmpty()) {
      return false;
    }
    Chain chain = queue.take();
    if (chain == null) {
      return false;
    }
    byte[] message = messages.removeFirst();
    long length = Math.min(message.length, chain.writable().length());
    chain.writable().copyFrom(0, MemorySegment.ofArray(message).asSlice(0, length));
    queue.give(chain, length);
    return true;
  }

  private boolean listen(SplitQueue queue) throws BrokenQueueException {
    Chain chain = queue.take();
    if (chain == null) {
      return false;
    }
    if (chain.readable().length() >= MESSAGE && multiport) {
      var message = ByteBuffer.allocate(MESSAGE).order(ByteOrder.LITTLE_ENDIAN);
      chain.readable().copyTo(0, MemorySegment.ofBuffer(message));
      obey(message.getInt(0), message.getShort(4), message.getShort(6) != 0);
    }
    queue.give(chain, 0);
    return true;
  }

  private void obey(int number, int event, boolean value) {
    if (event == DEVICE_READY) {
      for (ConsolePort port : ports) {
        if (port != null && value) {
          message(port, PORT_ADD, "");
        }
      }
      return;
    }
    ConsolePort port = number >= 0 && number < most ? ports[number] : null;
    if (port == null) {
      return;
    }
    if (event == PORT_READY && value) {
      if (port.console) {
        message(port, CONSOLE_PORT, "");
      }
      if (!port.name.isEmpty()) {
        message(port, PORT_NAME, port.name);
      }
      message(port, PORT_OPEN, "");
    } else if (event == PORT_OPEN) {
      port.open(value);
    }
  }

  private void message(ConsolePort port, int event, String text) {
    if (messages.size() == MOST_MESSAGES) {
      return; // a guest that asks on and on, and does not listen
    }
    byte[] more = text.getBytes(UTF_8);
    var message = ByteBuffer.allocate(MESSAGE + more.length).order(ByteOrder.LITTLE_ENDIAN);
    message.putInt(port.number).putShort((short) event).putShort((short) 1).put(more);
    messages.add(message.array());
    transport.attend(CONTROL_TO_GUEST);
  }

  @Override
  public void state(StateFields state) throws BlockException {
    for (ConsolePort port : ports) {
      state.same("port", port == null ? 0 : 1);
      if (port != null) {
        port.state(state);
      }
    }
    int count = state.within("messages", messages.size(), 0, MOST_MESSAGES);
    var all = new ArrayList<>(messages);
    for (int index = 0; index < count; index++) {
      byte[] own = state.isLoading() ? new byte[0] : all.get(index);
      byte[] message = state.bytes("message", own, MESSAGE + 0xffff);
      if (state.isLoading()) {
        messages.add(message);
      }
    }
  }
}
