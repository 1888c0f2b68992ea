// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Objects by id, and secrets in all the forms they are given in. */
final class ObjectRegistryTest {
  private static final String KEY = "12345678901234567890123456789012";
  private static final String VECTOR = "1234567890123456";

  private final ObjectRegistry objects = new ObjectRegistry();

  @Test
  void textIsTakenAsItIs() throws BlockException {
    assertNull(objects.define("secret,id=s,data=hello,,world"));
    assertEquals("hello,world", objects.secret("s").text("s"));
  }

  @Test
  void jsonDefinesTheSame() throws BlockException {
    objects.define("{\"qom-type\":\"secret\",\"id\":\"s\",\"data\":\"hello\"}");
    assertEquals("hello", objects.secret("s").text("s"));
    assertFails(
        "Invalid parameter type for 'data', expected: string",
        "{\"qom-type\":\"secret\",\"id\":\"t\",\"data\":3}");
  }

  @Test
  void fileIsReadWhole(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("key"), new byte[] {1, 0, -1, 10});
    objects.define("secret,id=s,file=" + file);
    assertArrayEquals(new byte[] {1, 0, -1, 10}, objects.secret("s").bytes());
    assertEquals(
        "Data from secret s is not valid UTF-8",
        assertThrows(BlockException.class, () -> objects.secret("s").text("s")).getMessage());
  }

  @Test
  void base64MayBeBrokenIntoLines() throws BlockException {
    objects.define("secret,id=s,format=base64,data=aGVs\nbG8=");
    assertEquals("hello", objects.secret("s").text("s"));
    assertFails("Base64 data contains invalid characters", "secret,id=t,format=base64,data=a!b");
    assertFails("Base64 data contains invalid characters", "secret,id=t,format=base64,data=a=bc");
  }

  @Test
  void anotherSecretDecrypts() throws Exception {
    objects.define("secret,id=k,data=" + KEY);
    objects.define(encrypted("s", "hello"));
    assertEquals("hello", objects.secret("s").text("s"));
    objects.define(encrypted("empty", ""));
    assertEquals("", objects.secret("empty").text("empty"));
  }

  @Test
  void whatCannotBeDecryptedIsRefused() throws Exception {
    assertFails("No secret with id 'k'", "secret,id=s,data=x,keyid=k");
    objects.define("secret,id=k,data=short");
    assertFails("Key should be 32 bytes in length", encrypted("s", "hello"));
    objects.remove("k");
    objects.define("secret,id=k,data=" + KEY);
    assertFails("IV is required to decrypt secret", "secret,id=s,data=x,keyid=k");
    assertFails("IV should be 16 bytes in length not 3", "secret,id=s,data=x,keyid=k,iv=YWJj");
    String iv = base64(VECTOR.getBytes(StandardCharsets.UTF_8));
    assertFails(
        "Length 1 must be a multiple of block size 16", "secret,id=s,data=x,keyid=k,iv=" + iv);
    assertFails(
        "Incorrect number of padding bytes (234) found on decrypted data",
        "secret,id=s,format=base64,data=" + iv + ",keyid=k,iv=" + iv);
  }

  @Test
  void definitionsThatMakeNoSenseAreRefused() throws BlockException {
    assertFails("Parameter 'qom-type' is missing", "");
    assertFails("Parameter 'qom-type' does not accept value 'foo'", "foo,id=a");
    assertFails("invalid object type: iothread", "iothread,id=a");
    assertFails("Parameter 'id' is missing", "secret,data=x");
    assertFails("Parameter 'id' expects an identifier", "secret,id=1a,data=x");
    assertFails("Either 'file' or 'data' must be provided", "secret,id=a");
    assertFails("'file' and 'data' are mutually exclusive", "secret,id=a,data=x,file=y");
    assertFails("Parameter 'foo' is unexpected", "secret,id=a,data=x,foo=1");
    assertFails("Parameters 'data.*' are unexpected", "secret,id=a,data.x=1");
    assertFails("Parameter 'format' does not accept value 'x'", "secret,id=a,data=x,format=x");
    assertFails(
        "Unable to read /no/such: Failed to open file “/no/such”: No such file or directory",
        "secret,id=a,file=/no/such");
    assertNull(objects.find("a"));
    objects.define("secret,id=a,data=x");
    assertFails(
        "attempt to add duplicate property 'a' to object (type 'container')", "secret,id=a,data=y");
  }

  @Test
  void helpListsTypesAndProperties() throws BlockException {
    String types = objects.define("help");
    assertNotNull(types);
    assertEquals("List of user creatable objects:", types.lines().findFirst().orElseThrow());
    assertEquals(types, objects.define("nosuch,help"));
    assertEquals(
        """
        secret options:
          data=<string>
          file=<string>
          format=<QCryptoSecretFormat>
          iv=<string>
          keyid=<string>
        """,
        objects.define("secret,help"));
  }

  @Test
  void closingWipes() throws BlockException {
    objects.define("secret,id=s,data=hello");
    Secret secret = objects.secret("s");
    objects.close();
    assertArrayEquals(new byte[5], secret.bytes());
    assertNull(objects.find("s"));
  }

  private void assertFails(String message, String definition) {
    assertEquals(
        message, assertThrows(BlockException.class, () -> objects.define(definition)).getMessage());
  }

  private static String encrypted(String id, String text) throws Exception {
    Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
    cipher.init(
        Cipher.ENCRYPT_MODE,
        new SecretKeySpec(KEY.getBytes(StandardCharsets.UTF_8), "AES"),
        new IvParameterSpec(VECTOR.getBytes(StandardCharsets.UTF_8)));
    String data = base64(cipher.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    return "secret,id="
        + id
        + ",format=base64,keyid=k,data="
        + data
        + ",iv="
        + base64(VECTOR.getBytes(StandardCharsets.UTF_8));
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }
}
