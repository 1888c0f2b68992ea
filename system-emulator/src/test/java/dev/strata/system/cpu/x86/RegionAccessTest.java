// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.x86;

import dev.strata.system.cpu.translate.HostAccess;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Accesses near each other, of which the first asks the TLB for all: in a page, across its end, in
 * one that cannot be written, in one with code, and on the stack. All is as if it were interpreted.
 */
final class RegionAccessTest {
  private static final String BEGIN = "bdb80b0000"; // mov ebp, 3000

  /**
   * As many page faults as it likes, and any place from the base on, less than a page behind it.
   */
  private static final String ADDRESS =
      "c70425000021003c000000" // 5: mov dword [COUNTER], 60
          + "6bc507 25ff0f0000" // imul eax, ebp, 7; and eax, 4095
          + "bb%s 01c3"; // mov ebx, the base; add ebx, eax

  private static final String WIDE =
      "488b03 488b4b08" // mov rax, [rbx]; mov rcx, [rbx + 8]
          + "48894310 48014b08" // mov [rbx + 16], rax; add [rbx + 8], rcx
          + "48ff43e8 8b53f1" // inc qword [rbx - 24]; mov edx, [rbx - 15]
          + "4883c308 4c0313 4c0353f0"; // add rbx, 8; add r10, [rbx]; add r10, [rbx - 16]

  private static final String NARROW = // the same by addresses of 32 bits
      "67488b03 67488b4b08 6748894310 6748014b08 6748ff43e8 678b53f1";

  private static final String PUSHES =
      "55 50 53" // push rbp; push rax; push rbx
          + "4c8b442408 4c01442410" // mov r8, [rsp + 8]; add [rsp + 16], r8
          + "5b 58 59"; // pop rbx; pop rax; pop rcx

  private static final String INDEXED =
      "83e007 488b0cc3" // and eax, 7; mov rcx, [rbx + rax * 8]
          + "48894cc308 48014cc310"; // mov [rbx + rax * 8 + 8], rcx; add [rbx + rax * 8 + 16], rcx

  private static String program(String base, String body) {
    String inside = ADDRESS.formatted(base).replace(" ", "") + body.replace(" ", "");
    int back = -(inside.length() / 2 + 2 + 6);
    return BEGIN + inside + "ffcd 0f85" + le(back) + "f4"; // dec ebp; jnz 5; hlt
  }

  private static String le(int value) {
    return "%08x".formatted(Integer.reverseBytes(value));
  }

  static Stream<Arguments> programs() {
    return Stream.of(HostAccess.values())
        .flatMap(access ->
            Stream.of(WIDE, NARROW, PUSHES, INDEXED)
                .flatMap(body ->
                    Stream.of(
                            ProgramMachine.DATA,
                            ProgramMachine.DATA + 0x1000,
                            ProgramMachine.DATA + 0x2000,
                            ProgramMachine.ALIAS + 0x200)
                        .map(base -> Arguments.of(access, body, base))));
  }

  @ParameterizedTest
  @MethodSource("programs")
  void groupsOfAccessesDoWhatEachDoes(HostAccess access, String body, int base) {
    RegionStateTest.compare(program(le(base), body), access);
  }
}
