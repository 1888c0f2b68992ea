// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.luks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.block.BlockException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Headers that are torn, damaged or made to do harm. */
final class Luks2DamageTest {
  @TempDir private static Path made;
  private static byte[] sound;

  @TempDir private Path folder;

  @BeforeAll
  static void makeImage() throws Exception {
    assumeTrue(Cryptsetup.isInstalled());
    Path image =
        new Cryptsetup(made)
            .encrypt(
                new byte[1400 << 10],
                "--sector-size 4096 --pbkdf argon2id --pbkdf-memory 64 --pbkdf-parallel 1"
                    + " --pbkdf-force-iterations 4");
    sound = Files.readAllBytes(image);
  }

  private Path image(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("image"), bytes);
  }

  private boolean unlocks(byte[] bytes) throws Exception {
    return Cryptsetup.use(
        image(bytes), Cryptsetup.PASSWORD, false, disk -> disk.length() == 800 << 10);
  }

  private String refusal(byte[] bytes) {
    return assertThrows(BlockException.class, () -> unlocks(bytes)).getMessage();
  }

  private static byte[] both(String from, String to) {
    byte[] bytes = sound.clone();
    for (Luks2Copy copy : new Luks2Copy[] {Luks2Copy.first(bytes), Luks2Copy.second(bytes)}) {
      assertTrue(copy.text().contains(from), from);
      copy.withText(text -> text.replace(from, to));
    }
    return bytes;
  }

  @Test
  void oneCopyIsEnough() throws Exception {
    for (int at : new int[] {6, 9, 20, 80, 260, 450, Luks2Copy.BINARY + 7}) {
      byte[] first = sound.clone();
      first[at] ^= 1;
      if (at != 6) { // the version: it is what makes this version 2
        assertTrue(unlocks(first), "first " + at);
      }
      byte[] second = sound.clone();
      second[Luks2Copy.second(sound).offset() + at] ^= 1;
      assertTrue(unlocks(second), "second " + at);
    }
  }

  @Test
  void theSecondCopyIsFoundWhereNothingElseSaysLuks() throws Exception {
    byte[] bytes = sound.clone();
    Arrays.fill(bytes, 0, Luks2Copy.BINARY * 2, (byte) 0);
    assertTrue(unlocks(bytes));
  }

  @Test
  void withBothCopiesDamagedTheFirstOnesDamageIsTold() {
    byte[] bytes = sound.clone();
    bytes[300] = 1;
    bytes[Luks2Copy.second(sound).offset() + 300] = 1;
    assertEquals("LUKS2 header checksum does not match", refusal(bytes));
  }

  @Test
  void theLaterCopyCounts() throws Exception {
    byte[] bytes = sound.clone();
    assertNull(Cryptsetup.information(image(bytes)).get("label"));
    Luks2Copy.second(bytes).withSequence(100, "later");
    assertEquals("later", Cryptsetup.information(image(bytes)).string("label"));
    Luks2Copy.first(bytes).withSequence(-1, "last"); // numbers are unsigned
    assertEquals("last", Cryptsetup.information(image(bytes)).string("label"));
    bytes[Luks2Copy.BINARY] = 'x'; // the later one is torn
    assertEquals("later", Cryptsetup.information(image(bytes)).string("label"));
  }

  /** Both copies say the same, and their checksums are right. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "{\"keyslots\" | {\"keyslots | LUKS2 header: JSON parse error, stray '_'",
        "\"json_size\":\"12288\" | \"json_size\":\"0\" | LUKS2 header: 'config.json_size' is 0, not"
            + " from 12288 to 12288",
        "\"keyslots_size\":\"581632\" | \"keyslots_size\":\"-1\" | LUKS2 header:"
            + " 'config.keyslots_size' is no decimal number",
        "\"segments\":{ | \"other\":{ | LUKS2 header: 'segments' is no object",
        "\"type\":\"crypt\" | \"type\":\"linear\" | LUKS2 segments of type 'linear' are not"
            + " supported",
        "\"type\":\"crypt\" | \"integrity\":{},\"type\":\"crypt\" | LUKS2 disks with authentication"
            + " (integrity) are not supported",
        "\"sector_size\":4096 | \"sector_size\":1536 | LUKS2 header: 'segments.0.sector_size' is"
            + " 1536, no power of two",
        "\"sector_size\":4096 | \"sector_size\":8192 | LUKS2 header: 'segments.0.sector_size' is"
            + " 8192, not from 512 to 4096",
        "\"sector_size\":4096 | \"sector_size\":\"512\" | LUKS2 header: 'segments.0.sector_size' is"
            + " no whole number",
        "\"offset\":\"614400\" | \"offset\":\"614399\" | LUKS2 header: 'segments.0.offset' is"
            + " 614399, not from 614400 to 9223372036854775807",
        "\"offset\":\"614400\" | \"offset\":\"614401\" | LUKS2 header: 'segments.0.offset' is"
            + " 614401, no multiple of 512",
        "\"offset\":\"614400\" | \"offset\":\"18446744073709551615\" | LUKS2 header:"
            + " 'segments.0.offset' is 18446744073709551615, more than 9223372036854775807",
        "\"offset\":\"614400\" | \"offset\":\"9223372036854775296\" | Image of 1433600 bytes ends"
            + " before the LUKS2 disk in it, which begins at 9223372036854775296",
        "\"size\":\"dynamic\" | \"size\":\"9223372036854161407\" | LUKS2 header: 'segments.0.size'"
            + " is 9223372036854161407, no multiple of 4096",
        "\"size\":\"dynamic\" | \"size\":\"819201\" | LUKS2 header: 'segments.0.size' is 819201, no"
            + " multiple of 4096",
        "\"size\":\"dynamic\" | \"size\":\"823296\" | Image of 1433600 bytes ends before the LUKS2"
            + " disk in it, which begins at 614400",
        "\"iv_tweak\":\"0\" | \"iv_tweak\":\"x\" | LUKS2 header: 'segments.0.iv_tweak' is no"
            + " decimal number",
        "\"iv_tweak\":\"0\",\"encryption\":\"aes-xts-plain64\" |"
            + " \"iv_tweak\":\"0\",\"encryption\":\"aes\" | LUKS2 header: 'segments.0.encryption'"
            + " is 'aes', which has no mode",
        "\"encryption\":\"aes-xts-plain64\" | \"encryption\":\"aes-xts-random\" | IV generator"
            + " 'random' not supported",
        "\"digests\":{\"0\" | \"digests\":{},\"x\":{\"0\" | LUKS2 header: the disk's key has no"
            + " digest",
        "\"keyslots\":{\"0\" | \"keyslots\":{},\"x\":{\"0\" | LUKS2 header: no key slot holds the"
            + " disk's key",
        "\"stripes\":4000 | \"stripes\":1000000000 | LUKS2 header: 'keyslots.0.af.stripes' is"
            + " 1000000000, not from 4000 to 4000",
        "\"key_size\":64,\"af\" | \"key_size\":2147483647,\"af\" | LUKS2 header:"
            + " 'keyslots.0.key_size' is 2147483647, not from 1 to 512",
        "\"key_size\":64,\"af\" | \"key_size\":63,\"af\" | Algorithm 'aes' with key size 31 bytes"
            + " not supported",
        "\"offset\":\"32768\" | \"offset\":\"4096\" | LUKS2 header: 'keyslots.0.area.offset' is"
            + " 4096, not from 32768 to 614400",
        "\"size\":\"258048\" | \"size\":\"255999\" | LUKS2 header: 'keyslots.0.area.size' is"
            + " 255999, not from 256000 to 581632",
        "\"offset\":\"32768\" | \"offset\":\"614400\" | LUKS2 header: 'keyslots.0.area.size' is"
            + " 258048, which leads out of the area of key slots",
        "\"type\":\"argon2id\" | \"type\":\"scrypt\" | Key derivation 'scrypt' is not supported",
        "\"memory\":64 | \"memory\":2147483647 | LUKS2 header: 'keyslots.0.kdf.memory' is"
            + " 2147483647, not from 8 to 2097152",
        "\"memory\":64 | \"memory\":7 | LUKS2 header: 'keyslots.0.kdf.memory' is 7, not from 8 to"
            + " 2097152",
        "\"cpus\":1 | \"cpus\":100000 | LUKS2 header: 'keyslots.0.kdf.cpus' is 100000, not from 1"
            + " to 255",
        "\"time\":4 | \"time\":2147483647 | LUKS2 keyslot 0 takes too long to try: 137438954408"
            + " iterations, or KiB of memory to fill, by then; the limit is 67108864",
        "\"iterations\":1000 | \"iterations\":2147483647 | LUKS2 keyslot 0 takes too long to try:"
            + " 2147483903 iterations, or KiB of memory to fill, by then; the limit is 67108864",
        "\"iterations\":1000 | \"iterations\":0 | LUKS2 header: 'digests.0.iterations' is 0, not"
            + " from 1 to 2147483647",
        "\"salt\":\" | \"salt\":\"!\",\"x\":\" | LUKS2 header: 'digests.0.salt' is not in base64",
        "\"digest\":\" | \"digest\":\"AAAA\",\"x\":\" | LUKS2 header: 'digests.0.digest' is 3, not"
            + " from 16 to 64",
        "\"config\":{ | \"config\":{\"requirements\":{\"mandatory\":[\"online-reencrypt-v2\"]}, |"
            + " LUKS2 reencryption is under way: let cryptsetup finish it",
        "\"config\":{ | \"config\":{\"requirements\":{\"mandatory\":[\"x\\n\"]}, | LUKS2"
            + " requirement 'x?' is not supported",
      })
  void aHeaderThatSaysWrongThingsIsRefused(String from, String to, String message) {
    assertEquals(message, refusal(both(from, to)));
  }

  @Test
  void nestingBeyondAllBoundsIsRefused() {
    byte[] bytes = sound.clone();
    Luks2Copy.first(bytes).withText(text -> "[".repeat(12_000));
    Luks2Copy.second(bytes).withText(text -> "{\"a\":".repeat(2_000));
    assertEquals("LUKS2 header: JSON nesting depth limit exceeded", refusal(bytes));
  }

  @ParameterizedTest
  @CsvSource({"0", "16383", "65536", "-1", "8388608"})
  void aHeaderOfNoKnownSizeIsRefused(long size) {
    byte[] bytes = sound.clone();
    ByteBuffer.wrap(bytes).putLong(8, size);
    bytes[Luks2Copy.second(sound).offset()] = 0;
    String message = refusal(bytes);
    assertTrue(
        message.equals("LUKS2 header checksum does not match")
            || message.equals("LUKS2 header size " + Long.toUnsignedString(size) + " is not valid"),
        message);
  }

  @Test
  void anImageThatEndsInItsHeaderIsRefused() {
    for (int length : new int[] {16384, 20000, 32768, 300_000}) {
      String message = refusal(Arrays.copyOf(sound, length));
      assertTrue(message.contains("ends before") || message.contains("beyond the end"), message);
    }
  }

  @Test
  void aDiskOfHalfASectorIsRefused() {
    assertEquals(
        "LUKS2 disk of 818688 bytes is not made of sectors of 4096",
        refusal(Arrays.copyOf(sound, sound.length - 512)));
  }
}
