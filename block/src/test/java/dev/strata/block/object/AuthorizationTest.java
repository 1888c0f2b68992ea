// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.strata.block.BlockException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may. */
final class AuthorizationTest {
  private static final String RULES =
      """
      {"policy": "deny", "rules": [
        {"match": "CN=danb", "policy": "deny", "format": "exact"},
        {"match": "CN=dan*", "policy": "allow", "format": "glob"},
        {"match": "CN=b?b,O=*,C=GB", "policy": "allow", "format": "glob"},
        {"match": "CN=x*", "policy": "allow"}]}
      """;

  @TempDir private Path folder;
  private final ObjectRegistry objects = new ObjectRegistry();

  private Authorization define(String argument) throws BlockException {
    objects.define(argument);
    return objects.authorization("z");
  }

  private static void assertRules(Authorization rules) {
    assertFalse(rules.allows("CN=danb"));
    assertTrue(rules.allows("CN=daniel,O=x"));
    assertTrue(rules.allows("CN=bob,O=a,O=b,C=GB"));
    assertFalse(rules.allows("CN=bob,O=a,C=DE"));
    assertFalse(rules.allows("CN=xyz")); // a star in an exact rule is a star
    assertTrue(rules.allows("CN=x*"));
    assertFalse(rules.allows(""));
  }

  @Test
  void simpleAllowsOneOnly() throws BlockException {
    Authorization one = define("authz-simple,id=z,identity=CN=a,,O=b");
    assertTrue(one.allows("CN=a,O=b"));
    assertFalse(one.allows("CN=a"));
  }

  @Test
  void theFirstRuleThatMatchesCounts() throws BlockException {
    assertRules(
        define("{\"qom-type\": \"authz-list\", \"id\": \"z\", " + RULES.strip().substring(1)));
  }

  @Test
  void aFileOfRulesIsReadAgainAndNobodyMayWhileItCannotBe() throws IOException {
    Path file = Files.writeString(folder.resolve("rules"), RULES);
    Authorization rules = define("authz-list-file,id=z,filename=" + file);
    assertRules(rules);
    Files.writeString(file, "{\"policy\": \"allow\"}");
    assertTrue(rules.allows("CN=danb"));
    Files.writeString(file, "{\"policy\": ");
    assertFalse(rules.allows("CN=danb"));
    Files.delete(file);
    assertFalse(rules.allows("CN=danb"));
  }

  @Test
  void aFileThatIsNotRefreshedIsReadOnce() throws IOException {
    Path file = Files.writeString(folder.resolve("rules"), RULES);
    Authorization rules = define("authz-listfile,id=z,refresh=off,filename=" + file);
    Files.delete(file);
    assertRules(rules);
  }

  @Test
  void aStarTakesNoMoreThanTheProductOfTheLengths() throws BlockException {
    String stars = "*a".repeat(200);
    Authorization rules =
        define(
            "authz-list,id=z,rules.0.match="
                + stars
                + "b,rules.0.policy=allow,rules.0.format=glob");
    assertFalse(rules.allows("a".repeat(10_000)));
  }

  @Test
  void whatIsNoAuthorizationIsRefused() throws BlockException {
    objects.define("secret,id=s,data=x");
    assertEquals(
        "Object with id 's' is not an authorization",
        assertThrows(BlockException.class, () -> objects.authorization("s")).getMessage());
    assertEquals(
        "No authorization with id 'y'",
        assertThrows(BlockException.class, () -> objects.authorization("y")).getMessage());
  }
}
