// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.iscsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.strata.block.BlockException;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What names and options mean is what the reference tools make of them. */
class IscsiFilenameTest {
  private static BlockOptions parse(String url) throws BlockException {
    var options = new BlockOptions();
    IscsiFilename.parse(url, null, null, options);
    return options;
  }

  private static @Nullable String get(BlockOptions options, String name) {
    return options.string(name);
  }

  @ParameterizedTest
  @CsvSource({
    "iscsi://h/iqn.a:b/1, tcp, h, iqn.a:b, 1, ,",
    "iscsi://h:1/iqn.a%3Ab/0, tcp, h:1, iqn.a:b, 0, ,",
    "iser://[::1]:3260/t/7, iser, [::1]:3260, t, 7, ,",
    "iscsi://u%p@h/t/1, tcp, h, t, 1, u, p",
    "iscsi://u:p@h/t/1, tcp, h, t, 1, u, p",
    "iscsi://u%p%41@h/t/1, tcp, h, t, 1, u, p%41",
    "iscsi://u@h/t/1, tcp, h, t, 1, ,",
    "iscsi://u%@h/t/1, tcp, h, t, 1, ,",
    "iscsi://h/t%zz%3/1?x, tcp, h, t%zz%3, 1, ,",
  })
  void aNameIsPutIntoOptions(
      String url,
      String transport,
      String portal,
      String target,
      String lun,
      @Nullable String user,
      @Nullable String password)
      throws BlockException {
    BlockOptions options = parse(url);
    assertEquals(transport, get(options, "transport"));
    assertEquals(portal, get(options, "portal"));
    assertEquals(target, get(options, "target"));
    assertEquals(lun, get(options, "lun"));
    assertEquals(user, get(options, "user"));
    assertEquals(password, get(options, "password"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "iscsi:",
        "iscsi://",
        "iscsi://h",
        "iscsi://h/t",
        "iscsi://h/t/",
        "iscsi://h/t/x",
        "iscsi://h/t/1/2",
        "iscsi://h/t/0x1",
        "iscsi:foo",
        "iscsi://h/a@b/1",
        "iscsi://h/t/99999999999"
      })
  void whatIsNoNameIsRefused(String url) {
    var e = assertThrows(BlockException.class, () -> parse(url));
    assertEquals("Failed to parse URL : " + url, e.getMessage());
  }

  @Test
  void theEnvironmentLogsInWhereTheNameDoesNotSay() throws BlockException {
    var options = new BlockOptions();
    IscsiFilename.parse("iscsi://h/t/1", "me", "secret", options);
    assertEquals("me", get(options, "user"));
    assertEquals("secret", get(options, "password"));
    options = new BlockOptions();
    IscsiFilename.parse("iscsi://u%p@h/t/1", "me", "secret", options);
    assertEquals("u", get(options, "user"));
    assertEquals("p", get(options, "password"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "transport=tcp,portal=p|Need all of transport, portal and target options",
        "transport=foo,portal=p,target=t|Unknown transport: foo",
        "transport=tcp,portal=p,target=t,lun=x|Parameter 'lun' expects a number",
        "transport=tcp,portal=p,target=t,lun=65536|lun must be between 0 and 65535, not 65536",
        "transport=tcp,portal=p,target=t,header-digest=foo|Invalid header-digest setting : foo",
        "transport=tcp,portal=p,target=t,timeout=-1|timeout is out of range: -1",
        "transport=tcp,portal=p,target=t,user=u|CHAP username specified but no password was given",
        "transport=tcp,portal=p,target=t,user=u,password-secret=s|No secret with id 's'",
      })
  void optionsThatMakeNoSenseAreRefused(String given, String message) {
    var options = new BlockOptions();
    for (String each : given.split(",", -1)) {
      options.put(each.substring(0, each.indexOf('=')), each.substring(each.indexOf('=') + 1));
    }
    var e =
        assertThrows(BlockException.class, () -> IscsiOptions.take(options, new ObjectRegistry()));
    assertEquals(message, e.getMessage());
  }

  /** The library would cut it. */
  @Test
  void aNameTooLongForTheLibraryIsRefused() {
    BlockOptions options =
        BlockOptions.of("transport", "tcp", "portal", "p", "target", "x".repeat(256));
    var e =
        assertThrows(BlockException.class, () -> IscsiOptions.take(options, new ObjectRegistry()));
    assertEquals("target is longer than 255 bytes", e.getMessage());
  }

  @Test
  void aSecretIsThePassword() throws BlockException {
    var objects = new ObjectRegistry();
    objects.define("secret,id=s,data=geheim");
    IscsiSettings settings =
        IscsiOptions.take(
            BlockOptions.of(
                "transport",
                "tcp",
                "portal",
                "p",
                "target",
                "t",
                "user",
                "u",
                "password-secret",
                "s"),
            objects);
    assertEquals(new IscsiSettings.Chap("u", "geheim"), settings.chap());
  }
}
