// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * A target of one unit that says what a test wants: each operation code has an answer. Without one
 * of the test's, it is a disk of 1 MiB whose blocks may be unmapped and read as zeroes then.
 *
 * @see "RFC 7143, 11 iSCSI PDU Formats"
 */
final class ScriptedTarget implements AutoCloseable {
  static final int TEST_UNIT_READY = 0x00;
  static final int INQUIRY = 0x12;
  static final int MODE_SENSE_6 = 0x1a;
  static final int SYNCHRONIZE_CACHE_10 = 0x35;
  static final int UNMAP = 0x42;
  static final int READ_16 = 0x88;
  static final int WRITE_16 = 0x8a;
  static final int WRITE_SAME_16 = 0x93;
  static final int READ_CAPACITY_16 = 0x9e10; // with the service action
  static final int GET_LBA_STATUS = 0x9e12;

  private static final int SERVICE_ACTION_IN_16 = 0x9e;
  private static final int HEADER_SIZE = 48;
  private static final int WINDOW = 64;
  private static final int UNDERFLOW = 2;

  private static final String PARAMETERS =
      "HeaderDigest=None\0DataDigest=None\0InitialR2T=No\0ImmediateData=Yes\0"
          + "MaxRecvDataSegmentLength=262144\0MaxBurstLength=262144\0FirstBurstLength=262144\0"
          + "MaxConnections=1\0MaxOutstandingR2T=1\0ErrorRecoveryLevel=0\0DefaultTime2Wait=0\0"
          + "DefaultTime2Retain=0\0DataPDUInOrder=Yes\0DataSequenceInOrder=Yes\0";

  /**
   * What a command is answered with.
   *
   * @param sense key times 65536, and the additional code with its qualifier
   * @param data what is sent; the residue that is told follows from it and the length asked for
   */
  record Answer(int status, int sense, byte[] data) {
    static final Answer GOOD = new Answer(0, 0, new byte[0]);
    static final Answer BUSY = new Answer(8, 0, new byte[0]);
    static final Answer TASK_SET_FULL = new Answer(0x28, 0, new byte[0]);

    static Answer of(byte... data) {
      return new Answer(0, 0, data);
    }

    static Answer sense(int key, int code) {
      return new Answer(2, key << 16 | code, new byte[0]);
    }
  }

  private final ServerSocket server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
  private final Map<Integer, Function<ByteBuffer, Answer>> answers = new ConcurrentHashMap<>();
  private final Map<Integer, AtomicInteger> counts = new ConcurrentHashMap<>();
  private volatile Socket connection = new Socket();

  ScriptedTarget() throws IOException {
    answer(TEST_UNIT_READY, Answer.GOOD);
    answers.put(INQUIRY, ScriptedTarget::inquiry);
    answer(MODE_SENSE_6, Answer.of((byte) 3, (byte) 0, (byte) 0, (byte) 0));
    answer(READ_CAPACITY_16, capacity(2047, 512));
    answers.put(READ_16, block -> Answer.of(new byte[512 * block.getInt(10)]));
    answer(WRITE_16, Answer.GOOD);
    answer(WRITE_SAME_16, Answer.GOOD);
    answer(UNMAP, Answer.GOOD);
    answer(SYNCHRONIZE_CACHE_10, Answer.GOOD);
    Thread.ofVirtual().start(this::accept);
  }

  /** The reply to READ CAPACITY(16) of a unit whose blocks may be unmapped. */
  static Answer capacity(long lastBlock, int blockSize) {
    byte[] reply =
        ByteBuffer.allocate(32)
            .putLong(lastBlock)
            .putInt(blockSize)
            .putShort((short) 0)
            .put((byte) 0xc0)
            .array();
    return Answer.of(reply);
  }

  /** The reply to GET LBA STATUS, with one descriptor. */
  static Answer lbaStatus(int following, long firstBlock, int count, int status) {
    return Answer.of(
        ByteBuffer.allocate(24)
            .putInt(following)
            .putInt(0)
            .putLong(firstBlock)
            .putInt(count)
            .put((byte) status)
            .array());
  }

  private static Answer inquiry(ByteBuffer block) {
    if ((block.get(1) & 1) == 0) {
      return Answer.of(new byte[36]);
    }
    byte page = block.get(2);
    byte[] reply = new byte[64];
    reply[1] = page;
    switch (page) {
      case 0 -> {
        reply[3] = 3;
        reply[5] = (byte) 0xb0;
        reply[6] = (byte) 0xb2;
      }
      case (byte) 0xb2 -> reply[5] = (byte) 0xe0; // UNMAP and both WRITE SAME
      default -> reply[3] = 60;
    }
    return Answer.of(reply);
  }

  int port() {
    return server.getLocalPort();
  }

  /** From now on the answer to that operation code. */
  void answer(int operation, Answer answer) {
    answers.put(operation, block -> answer);
  }

  void answer(int operation, Function<ByteBuffer, Answer> answer) {
    answers.put(operation, answer);
  }

  /** From now on that answer, so many times, and then the one that there is now. */
  void answerFirst(int operation, int times, Answer answer) {
    Function<ByteBuffer, Answer> then = answers.get(operation);
    var left = new AtomicInteger(times);
    answers.put(operation, block -> left.getAndDecrement() > 0 ? answer : then.apply(block));
  }

  /** How many commands of that operation code came. */
  int count(int operation) {
    AtomicInteger count = counts.get(operation);
    return count == null ? 0 : count.get();
  }

  private void accept() {
    while (!server.isClosed()) {
      try (Socket client = server.accept()) {
        connection = client;
        serve(client);
      } catch (IOException e) {
        // The initiator has gone, or the test is over.
      }
    }
  }

  private void serve(Socket client) throws IOException {
    var in = new DataInputStream(client.getInputStream());
    OutputStream out = client.getOutputStream();
    byte[] request = new byte[HEADER_SIZE];
    int statusNumber = 1;
    while (true) {
      in.readFully(request);
      ByteBuffer header = ByteBuffer.wrap(request);
      int length = header.getInt(4) & 0xffffff;
      in.readNBytes((request[4] & 0xff) * 4 + ((length + 3) & ~3));
      ByteBuffer reply = ByteBuffer.allocate(HEADER_SIZE);
      reply.putInt(16, header.getInt(16)); // initiator task tag
      reply.putInt(24, statusNumber++);
      int commandNumber = header.getInt(24);
      boolean immediate = (request[0] & 0x40) != 0;
      int expected = immediate ? commandNumber : commandNumber + 1;
      reply.putInt(28, expected);
      reply.putInt(32, expected + WINDOW);
      byte[] data = new byte[0];
      switch (request[0] & 0x3f) {
        case 0x03 -> data = login(header, reply);
        case 0x01 -> data = command(header, reply);
        case 0x00 -> {
          reply.put(0, (byte) 0x20).put(1, (byte) 0x80);
          reply.putInt(20, -1);
        }
        case 0x06 -> reply.put(0, (byte) 0x26).put(1, (byte) 0x80);
        default -> throw new IOException("unexpected PDU");
      }
      reply.putInt(4, data.length);
      out.write(reply.array());
      out.write(data);
      out.write(new byte[-data.length & 3]);
      out.flush();
    }
  }

  private static byte[] login(ByteBuffer header, ByteBuffer reply) {
    reply.put(0, (byte) 0x23).put(1, header.get(1));
    reply.putLong(8, header.getLong(8)); // initiator session id
    reply.putShort(14, (short) 1);
    boolean security = (header.get(1) & 0x0c) == 0;
    String text = security ? "AuthMethod=None\0TargetPortalGroupTag=1\0" : PARAMETERS;
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private byte[] command(ByteBuffer header, ByteBuffer reply) {
    ByteBuffer block = header.slice(32, 16);
    int operation = block.get(0) & 0xff;
    if (operation == SERVICE_ACTION_IN_16) {
      operation = operation << 8 | (block.get(1) & 0x1f);
    }
    counts.computeIfAbsent(operation, key -> new AtomicInteger()).incrementAndGet();
    Function<ByteBuffer, Answer> script = answers.get(operation);
    Answer answer = script == null ? Answer.sense(5, 0x2000) : script.apply(block);
    boolean reads = (header.get(1) & 0x40) != 0;
    if (answer.status() == 0 && reads) {
      int left = header.getInt(20) - answer.data().length;
      reply.put(0, (byte) 0x25).put(1, (byte) (0x81 | (left > 0 ? UNDERFLOW : 0)));
      reply.putInt(20, -1);
      reply.putInt(44, Math.max(left, 0));
      return answer.data();
    }
    reply.put(0, (byte) 0x21).put(1, (byte) 0x80).put(3, (byte) answer.status());
    if (answer.status() != 2) {
      return new byte[0];
    }
    return ByteBuffer.allocate(20)
        .putShort((short) 18)
        .put((byte) 0x70)
        .put(4, (byte) (answer.sense() >> 16))
        .put(9, (byte) 10)
        .putShort(14, (short) answer.sense())
        .array();
  }

  @Override
  public void close() throws IOException {
    server.close();
    connection.close();
  }
}
