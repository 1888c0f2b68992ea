// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The host's own processor as the oracle: a small program that loads registers, runs bytes given to
 * it, and hands back registers, flags and memory. All addresses are the same here and there.
 */
final class NativeRunner implements AutoCloseable {
  static final long CODE = 0x10000000L;
  static final long DATA = 0x20000000L;
  static final int DATA_SIZE = 8192;
  static final int CODE_SIZE = 256;
  static final int REGISTERS = 17; // the general ones and the flags
  static final int EXTENDED_SIZE = 512;

  /** What an answer begins with: the vector of a fault or -1, and where it was. */
  static final int HEAD = 2;

  private static final String SOURCE =
      """
      #define _GNU_SOURCE
      #include <signal.h>
      #include <stdint.h>
      #include <string.h>
      #include <sys/mman.h>
      #include <ucontext.h>
      #include <unistd.h>
      #include <setjmp.h>
      #define CODE ((uint8_t *) 0x10000000)
      #define DATA ((uint8_t *) 0x20000000)
      uint64_t in[17], out[17], host_rsp;
      static int64_t head[2];
      __attribute__((aligned(16))) uint8_t fx_in[512], fx_out[512];
      static sigjmp_buf back;
      static uint8_t alternate[65536];
      static void on(int s, siginfo_t *i, void *c) {
        (void) s; (void) i;
        static const int order[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
          REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_EFL};
        ucontext_t *u = c;
        for (int r = 0; r < 17; r++) out[r] = u->uc_mcontext.gregs[order[r]];
        memcpy(fx_out, u->uc_mcontext.fpregs, 464);
        head[0] = u->uc_mcontext.gregs[REG_TRAPNO];
        head[1] = u->uc_mcontext.gregs[REG_RIP];
        siglongjmp(back, 1);
      }
      void enter(void);
      __asm__(
        ".globl enter\\nenter:\\n"
        "push %rbx\\npush %rbp\\npush %r12\\npush %r13\\npush %r14\\npush %r15\\n"
        "mov %rsp,host_rsp(%rip)\\n"
        "fxrstor64 fx_in(%rip)\\n"
        "pushq in+128(%rip)\\npopfq\\n"
        "mov in(%rip),%rax\\nmov in+8(%rip),%rcx\\nmov in+16(%rip),%rdx\\nmov in+24(%rip),%rbx\\n"
        "mov in+32(%rip),%rsp\\nmov in+40(%rip),%rbp\\nmov in+48(%rip),%rsi\\nmov in+56(%rip),%rdi\\n"
        "mov in+64(%rip),%r8\\nmov in+72(%rip),%r9\\nmov in+80(%rip),%r10\\nmov in+88(%rip),%r11\\n"
        "mov in+96(%rip),%r12\\nmov in+104(%rip),%r13\\nmov in+112(%rip),%r14\\nmov in+120(%rip),%r15\\n"
        "jmp *target(%rip)\\n"
        ".globl leave\\nleave:\\n"
        "mov %rax,out(%rip)\\nmov %rcx,out+8(%rip)\\nmov %rdx,out+16(%rip)\\nmov %rbx,out+24(%rip)\\n"
        "mov %rsp,out+32(%rip)\\nmov %rbp,out+40(%rip)\\nmov %rsi,out+48(%rip)\\nmov %rdi,out+56(%rip)\\n"
        "mov %r8,out+64(%rip)\\nmov %r9,out+72(%rip)\\nmov %r10,out+80(%rip)\\nmov %r11,out+88(%rip)\\n"
        "mov %r12,out+96(%rip)\\nmov %r13,out+104(%rip)\\nmov %r14,out+112(%rip)\\nmov %r15,out+120(%rip)\\n"
        "mov host_rsp(%rip),%rsp\\npushfq\\npopq out+128(%rip)\\n"
        "fxsave64 fx_out(%rip)\\nfninit\\nldmxcsr plain(%rip)\\n"
        "cld\\npop %r15\\npop %r14\\npop %r13\\npop %r12\\npop %rbp\\npop %rbx\\nret\\n");
      uint64_t target = 0x10000000; uint32_t plain = 0x1f80;
      extern void leave(void);
      static int all(void *p, size_t n) {
        for (size_t d = 0; d < n;) { ssize_t r = read(0, (char *) p + d, n - d); if (r <= 0) return 0; d += r; }
        return 1;
      }
      int main(void) {
        mmap(CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        mmap(DATA, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        stack_t st = {.ss_sp = alternate, .ss_size = sizeof alternate};
        sigaltstack(&st, 0);
        struct sigaction a = {.sa_sigaction = on, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
        int signals[] = {SIGSEGV, SIGFPE, SIGILL, SIGBUS, SIGTRAP};
        for (int i = 0; i < 5; i++) sigaction(signals[i], &a, 0);
        static uint8_t code[256];
        while (all(in, sizeof in) && all(fx_in, 512) && all(code, 256) && all(DATA, 8192)) {
          memcpy(CODE, code, 256);
          head[0] = -1;
          if (sigsetjmp(back, 1) == 0) enter();
          static uint8_t all_out[16 + sizeof out + 512 + 8192];
          memcpy(all_out, head, 16); memcpy(all_out + 16, out, sizeof out); memcpy(all_out + 16 + sizeof out, fx_out, 512);
          memcpy(all_out + 528 + sizeof out, DATA, 8192); write(1, all_out, sizeof all_out);
        }
        return 0;
      }
      """;

  private final Process process;
  private final DataOutputStream to;
  private final DataInputStream from;

  /** Where the code jumps to when done. */
  final long exit;

  NativeRunner(Path folder) throws IOException, InterruptedException {
    Path source = folder.resolve("runner.c");
    Path program = folder.resolve("runner");
    Files.writeString(source, SOURCE);
    var build =
        new ProcessBuilder(
                "gcc", "-O1", "-no-pie", "-w", "-o", program.toString(), source.toString())
            .inheritIO()
            .start();
    if (build.waitFor() != 0) {
      throw new IOException("gcc failed");
    }
    var symbols = new ProcessBuilder("nm", program.toString()).start();
    long address = 0;
    for (String line :
        new String(symbols.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
            .split("\n")) {
      if (line.endsWith(" leave")) {
        address = Long.parseLong(line.substring(0, 16), 16);
      }
    }
    exit = address;
    process = new ProcessBuilder(program.toString()).start();
    to = new DataOutputStream(process.getOutputStream());
    from = new DataInputStream(process.getInputStream());
  }

  /**
   * Runs code; gives the head, the registers and the flags; data and the image of FXSAVE are
   * changed in place.
   */
  long[] run(long[] registers, byte[] extended, byte[] code, byte[] data) throws IOException {
    var request =
        ByteBuffer.allocate(REGISTERS * 8 + EXTENDED_SIZE + CODE_SIZE + DATA_SIZE)
            .order(ByteOrder.LITTLE_ENDIAN);
    for (long register : registers) {
      request.putLong(register);
    }
    request.put(extended).put(code).put(data);
    to.write(request.array());
    to.flush();
    var answer =
        ByteBuffer.wrap(from.readNBytes((HEAD + REGISTERS) * 8 + EXTENDED_SIZE + DATA_SIZE));
    answer.order(ByteOrder.LITTLE_ENDIAN);
    long[] result = new long[HEAD + REGISTERS];
    for (int i = 0; i < result.length; i++) {
      result[i] = answer.getLong();
    }
    answer.get(extended).get(data);
    return result;
  }

  @Override
  public void close() throws IOException {
    to.close();
    process.destroy();
  }
}
